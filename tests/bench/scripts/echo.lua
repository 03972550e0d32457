-- A small message there and back, without a wait.
local Echo = GrpcUser:extend("Echo", { grpc_options = { proto = "echo.proto" } })

Echo:task("echo", function(self)
  local reply = self.grpc:call("bench.Echo/Echo", { id = 1 << 40, name = "a small message", is_new = true })
  if reply.message.id ~= 1 << 40 then fail("the echo is another message") end
end)
