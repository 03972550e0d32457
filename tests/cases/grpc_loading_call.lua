-- No call while the script is loaded.
grpc.client(env.GRPC):call("a.B/C") --@call
