-- One request after the other, without a wait.
local Get = HttpUser:extend("Get")

Get:task("ready", function(self) self.client:get("/ready") end)
