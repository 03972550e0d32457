-- A .proto that is not there ends the run before it begins.
grpc.client(env.GRPC, { proto = "proto/none.proto" }) --@client
