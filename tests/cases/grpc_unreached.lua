-- A server that is not there cannot be asked for its descriptors either: calls and streams fail as they do with a .proto file.
local U = GrpcUser:extend("U", { host = "127.0.0.1:1" })
local M = "documents.v1beta.DocumentService/GetDocument"
U:task("work", function(self)
  local reply = self.grpc:call(M, { uri = "u" })
  print(reply.ok, reply.status_name, reply.error.kind, reply.error.text, reply.message)
  reply = self.grpc:call(M, {}, function(r) r:failure("judged") end)
  print(reply.error.kind)
  local stream <close> = self.grpc:stream(M, { name = "stream" })
  print(stream.open, stream:send { uri = "u" }, stream:recv())
  print(stream.status_name, stream.error.kind, stream.error.text)
  local ok, why = pcall(function() self.grpc:call("GetDocument") end)
  print(ok, why:match("`GetDocument` .*"))
end)
