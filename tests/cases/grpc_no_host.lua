-- server: none
-- A GrpcUser needs a server.
local U = GrpcUser:extend("U") --@class
U:task("work", function(self) self.grpc:call("a.B/C") end)
