-- A reply's message is read once: it is the same table each time, and many looks at a large one cost no more than one.
local S = "documents.v1beta.DocumentService/"
local U = GrpcUser:extend("U", { host = env.GRPC })
U:task("work", function(self)
  local c, fields = uuid(), {}
  for index = 1, 3000 do fields["f" .. index] = { index, "x", { deep = true } } end
  local reply = self.grpc:call(S .. "CreateDocument", { collection = c, document = { uri = "a", fields = fields } }, { name = "large" })
  local sum = 0
  for index = 1, 3000 do sum = sum + reply.message.document.fields["f" .. index][1] end
  print(sum, rawequal(reply.message, reply.message))
  reply.message.document.uri = "mine"
  print(reply.message.document.uri)
  print("[" .. reply.message.document.fields.f7[1] .. "]")
  print(select(2, pcall(function() reply.message = 5 end)):match("cannot set.*"))
  local other = self.grpc:call(S .. "GetDocument", { collection = c, uri = "a" }, { name = "large" })
  print(other.message.document.uri, reply.message.document.uri)
  local failed = self.grpc:call(S .. "GetDocument", { collection = c, uri = "b" }, { name = "none" }, function(r) r:success() end)
  print(failed.message, failed.message)
end)
