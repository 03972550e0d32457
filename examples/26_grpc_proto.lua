-- Descriptors from .proto files, with what they import; read once, whatever the number of users.
--
--   cargo run -- --script examples/26_grpc_proto.lua
--
-- One connection for all users of a worker, a deadline and metadata for every call.
options { users = 2, iterations = 4 }

local Documents = GrpcUser:extend("Documents", {
  grpc_options = {
    proto = "documents/v1beta/document_service.proto",
    import_paths = { "proto" },
    connection = "shared",
    timeout = 5,
    metadata = { ["echo-tenant"] = "example" },
    compression = "gzip",
  },
})

Documents:task("query", function(self)
  local reply = self.grpc:call("documents.v1beta.DocumentService/QueryDocuments", {
    collection = "example",
    query = { filter = { kind = "none" } },
    page_size = 10,
  })
  check(reply, {
    ["nothing is found"] = function(r) return r.message.total_size == 0 and #r.message.documents == 0 end,
    ["the metadata came back"] = function(r) return r.headers["echo-tenant"] == "example" end,
  })
end)
