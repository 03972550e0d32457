-- What a script gets wrong raises, with its place; and nothing is sent.
local S = "documents.v1beta.DocumentService/"
local U = GrpcUser:extend("U", { host = env.GRPC })
local function try(work, ...)
  local ok, why = pcall(work, ...)
  print(ok, why)
end
U:task("work", function(self)
  local call = function(message, options) self.grpc:call(S .. "CreateDocument", message, options) end --@call
  try(call, { documnt = {} })
  try(call, { document = { uri = 1 } })
  try(call, { document = { fields = { a = print } } })
  try(call, { document = { version = 1.5 } })
  try(call, { document = { "a" } })
  try(call, "text")
  try(call, {}, { timout = 1 })
  try(call, {}, { tags = { a = {} } })
  try(call, {}, { timeout = 0 })
  try(call, {}, { compression = "br" })
  try(call, {}, { metadata = { ["grpc-x"] = "y" } })
  try(call, {}, { metadata = { x = "ü" } })
  try(function() self.grpc:call(S .. "CreateDocumnt", {}) end) --@method
  try(function() self.grpc:call(S .. "WatchDocuments", {}) end) --@unary
  try(function() self.grpc:stream(S .. "GetDocument") end) --@stream
  try(grpc.client, "127.0.0.1:1", { proto = "proto/none.proto" })
  try(grpc.client, "127.0.0.1:1", { proto = "proto/broken.proto" })
  try(grpc.client, "127.0.0.1:1", { proto = "proto/documents/v1beta/document_service.proto" })
  try(grpc.client, "127.0.0.1:1", { descriptor_set = "proto/broken.proto" })
  try(grpc.client, "127.0.0.1:1", { proto = "a.proto", reflection = true })
  try(grpc.client, "127.0.0.1:1", { protos = "a.proto" })
  try(grpc.client, "127.0.0.1:1", { connection = "common" })
  try(grpc.client, "127.0.0.1:1", { tls = { cert = "none.pem" } })
  try(grpc.client, "ftp://127.0.0.1")
  try(grpc.client, "127.0.0.1:1/path")
end)
