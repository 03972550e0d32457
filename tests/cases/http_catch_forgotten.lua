-- flags: -u 1 -i 2
-- server: hostile
-- A response that nobody judged is settled by the default rule when its task ends, also by an error.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/status/200", { name = "good", catch_response = true })
  self.client:get("/status/404", { name = "bad", catch_response = true })
  self.client:get("/close", { name = "no answer", catch_response = true })
  if vu.iteration == 2 then error("and an error") end --@error
end)
