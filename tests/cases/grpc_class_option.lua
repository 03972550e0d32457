-- An option that does not exist is told before the run.
local U = GrpcUser:extend("U", { host = env.GRPC, grpc_options = { protos = "proto/broken.proto" } }) --@class
U:task("work", function() print("never") end)
