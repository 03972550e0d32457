-- server: none
-- A class that sends requests, and no host to send them to.
local U = HttpUser:extend("U", {})
U:task("work", function(self) self.client:get("/ready") end)
