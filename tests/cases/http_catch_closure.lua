-- server: hostile
-- A closure judges the response; it can stand behind the options, or in their place.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local returned = self.client:get("/status/404", { name = "accepted" }, function(response)
    if response.status_code == 404 then response:success() end
    return "not used"
  end)
  print(returned.status_code)
  self.client:get("/status/200", { name = "refused" }, function(response) response:failure("no") end)
  self.client:get("/status/201", function(response) response:failure("no options") end)
  self.client:get("/status/500", { name = "left open" }, function(response) end)
  self.client:get("/status/500", { name = "ignored" }, function(response) response:ignore() end)
  self.client:request("GET", "/status/404", { name = "through request" }, function(response) response:success() end)
  local ok, message = pcall(self.client.get, self.client, "/status/200", { name = "raised" }, function(response)
    response:failure("before the error")
    error("in the closure") --@closure
  end)
  print(tostring(ok) .. " " .. message)
  ok, message = pcall(self.client.get, self.client, "/status/200", { name = "waits in it" }, function(response)
    sleep(0.001)
    self.client:get("/status/204")
    response:success()
  end)
  print(tostring(ok) .. " " .. tostring(message.status_code))
end)
