-- Faults of the connection, and servers that are none of gRPC, are errors of the reply. They do not raise.
local files = { proto = { "documents/v1beta/document_service.proto" }, import_paths = { "proto" } }
local function client(address, more)
  local options = { proto = files.proto, import_paths = files.import_paths, timeout = 5 }
  for name, value in pairs(more or {}) do options[name] = value end
  return grpc.client(address, options)
end
local M = "documents.v1beta.DocumentService/GetDocument"
local U = User:extend("U")
U:task("work", function(self)
  local function show(client, options)
    local reply = client:call(M, { collection = "c", uri = "u" }, options)
    print(reply.status_name, reply.error.kind, reply.error.text)
  end
  show(client("127.0.0.1:1"), { name = "nobody" })
  show(client(env.SECURE, { tls = { verify = false } }), { name = "no h2" })
  show(client(env.GRPC), { name = "there" })
  show(client(env.GRPC, { max_send_size = 4 }), { name = "too large" })
  show(client(env.GRPC, { connection = "shared" }), { name = "late", timeout = 1e-6 })
  local ok, why = pcall(function() grpc.client(env.DEMO):call(M, {}) end) --@ask
  print(ok, why)
end)
