-- A user that starts, asks once and then waits: what starting costs.
local Start = HttpUser:extend("Start", { wait_time = constant(3600) })

function Start:on_start() self.collection = config.test_data.collection_prefix .. uuid.hex():sub(1, 8) end

Start:task("ready", function(self) self.client:get("/ready") end)
