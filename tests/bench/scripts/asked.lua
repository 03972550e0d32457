-- A user that has asked once and fell asleep with its connection open.
local Asked = HttpUser:extend("Asked", { wait_time = constant(3600) })

Asked:task("ready", function(self) self.client:get("/ready") end)
