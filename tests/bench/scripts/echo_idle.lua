-- A user that has called once and fell asleep with its connection open.
local Echo = GrpcUser:extend("Echo", { wait_time = constant(3600), grpc_options = { proto = "echo.proto" } })

Echo:task("echo", function(self) self.grpc:call("bench.Echo/Echo", { id = 1 }) end)
