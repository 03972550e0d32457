-- A .proto that is broken is told before the run, with its place.
local U = GrpcUser:extend("U", { host = env.GRPC, grpc_options = { proto = "proto/broken.proto" } }) --@class
U:task("work", function() print("never") end)
