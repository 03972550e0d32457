-- flags: -u 1 -r 1000 -i 1 --http-debug=full
-- What goes over the wire, messages as JSON, secrets masked.
local S = "documents.v1beta.DocumentService/"
local U = GrpcUser:extend("U", { host = env.GRPC, grpc_options = {
  proto = "proto/documents/v1beta/document_service.proto", import_paths = { "proto" }, timeout = 30,
  metadata = { authorization = "Bearer secret-token" },
} })
U:task("work", function(self)
  self.grpc:call(S .. "DeleteDocument", { collection = "grpc_debug", uri = "none" }, { name = "missing", metadata = { ["echo-x"] = "y" } }, function(r) r:success() end)
  local import = self.grpc:stream(S .. "ImportDocuments", { name = "import", timeout = 30 })
  import:send { collection = "grpc_debug", document = { uri = "", version = 9007199254740993 } }
  import:close_send()
  import:recv()
  import:recv()
end)
