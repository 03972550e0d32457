-- flags: -u 1 -i 1 -e API_TOKEN=s3cr/t+value! -e PIN=7
-- server: hostile
-- A secret is a string to the script, and *** to everybody else.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local token = secret("API_TOKEN")
  print(#token, token:sub(1, 2), token)
  log.warn({ token = token }, "encoded:", (token:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end)))
  print("pin " .. secret("PIN") .. ", not 17")
  local response = self.client:get("/echo?key=" .. token, { auth = { "me", token } })
  print(response:json("headers").authorization)
  self.client:get("/status/404", { name = "about " .. token })
  check("has " .. token, false)
  group("in " .. token, function() end)
  metrics.counter("calls"):add(1, { token = token })
  response = self.client:get("/status/200", { name = "judged", catch_response = true })
  response:failure("refused " .. token)
  error("no good: " .. token) --@error
end)
