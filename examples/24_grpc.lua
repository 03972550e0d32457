-- gRPC without generated code: a call is a method's name and a table.
--
--   cargo run -- --script examples/24_grpc.lua
--
-- The server is asked what it offers (reflection). Where it has none, name its .proto files: see
-- 26_grpc_proto.lua. Its address is `grpc_host` of the environment, or `host` in the class, as host:port.
options { users = 2, iterations = 10 }

local Documents = GrpcUser:extend("Documents", {
  wait_time = between(0.01, 0.05),
})

local SERVICE = "documents.v1beta.DocumentService/"

function Documents:on_start()
  self.collection = "example-" .. uuid.hex():sub(1, 8)
  self.number = 0
end

Documents:task("create and get", function(self)
  self.number = self.number + 1
  local uri = "doc-" .. self.number
  local created = self.grpc:call(SERVICE .. "CreateDocument", {
    collection = self.collection,
    document = { uri = uri, fields = { title = "a title", tags = { "x", "y" }, size = 3 } },
  })
  check(created, {
    ["created"] = function(r) return r.status == grpc.OK end,
    ["version 1"] = function(r) return r.message.document.version == 1 end,
  })
  local got = self.grpc:call(SERVICE .. "GetDocument", { collection = self.collection, uri = uri })
  check("the fields came back", got.ok and got.message.document.fields.tags[2] == "y")
end)
