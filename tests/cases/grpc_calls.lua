-- A call, its reply, and what is wrong before it is sent.
local S = "documents.v1beta.DocumentService/"
local U = GrpcUser:extend("U", { host = env.GRPC })
U:task("work", function(self)
  local c = uuid()
  local reply = self.grpc:call(S .. "CreateDocument", { collection = c, document = { uri = "a", fields = { x = 1, list = { true, "z" }, no = json.null } } })
  print(reply.status, reply.status_name, reply.ok, reply.error, reply.elapsed > 0)
  local document = reply.message.document
  print(document.version, math.type(document.version), document.fields.x, #document.fields.list, document.fields.no == json.null)
  print(document.create_time:match("^%d%d%d%d%-%d%d%-%d%dT") ~= nil, reply.message.other)
  reply = self.grpc:call(S .. "GetDocument", { collection = c, uri = "b" }, { name = "missing", catch_response = true, metadata = { ["echo-text"] = "hi", ["echo-bytes-bin"] = "\0\255" } })
  print(reply.status == grpc.NOT_FOUND, reply.status_name, reply.message, reply.ok)
  print(reply.error.kind, reply.error.status, reply.error.text == ("document `b` not found in collection `%s`"):format(c))
  print(reply.error.details[1]["@type"], reply.error.details[1].reason, reply.error.details[1].metadata.uri)
  print(reply.trailers["echo-text"], reply.trailers["echo-bytes-bin"] == "\0\255")
  reply:success()
  print(pcall(reply.failure, reply, "again")) --@again
  for coding in ("gzip deflate zstd none"):gmatch("%a+") do
    reply = self.grpc:call(S .. "GetDocument", { collection = c, uri = "a" }, { compression = coding, timeout = 5 }, function(r) r:success() end)
  end
  print(reply.message.document.uri, #self.grpc:methods())
  local again <close> = self.grpc:call(S .. "CreateDocument", { collection = "grpc_calls", document = { uri = "" } }, { catch_response = true })
  print(again.status_name)
end)
