-- server: none
-- A plain User needs no host: `http` takes whole URLs.
local U = User:extend("U", {})
U:task("work", function(self)
  print(http.get(env.DEMO .. "/ready").text)
  print(http.get("/ready").error.text)
  print(tostring(self.client))
end)
