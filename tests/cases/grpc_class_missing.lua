-- A .proto that is not there is told before the run.
local U = GrpcUser:extend("U", { host = env.GRPC, grpc_options = { proto = "proto/none.proto" } }) --@class
U:task("work", function() print("never") end)
