-- The three kinds of streams; what counts, and when.
local S = "documents.v1beta.DocumentService/"
local U = GrpcUser:extend("U", { host = env.GRPC, grpc_options = { proto = "proto/documents/v1beta/document_service.proto", import_paths = { "proto" } } })
U:task("work", function(self)
  local c = uuid()
  local watch = self.grpc:stream(S .. "WatchDocuments", { name = "watch" })
  print(watch:send { collection = c, include_existing = true, limit = 3 }, watch.open, watch.status)
  print(watch:recv(0.05))
  local import = self.grpc:stream(S .. "ImportDocuments", { name = "import" })
  for _, uri in ipairs { "a", "b", "a" } do import:send { collection = c, document = { uri = uri } } end
  import:close_send()
  print(import:send {}, json.encode(import:recv().imported), import:recv())
  print(import.status_name, import.ok, import.sent, import.received, import.elapsed > 0)
  local sync = self.grpc:stream(S .. "SyncDocuments", { name = "sync", metadata = { ["echo-x"] = "y" } })
  for index, change in ipairs { { put = { uri = "c" } }, { delete = "none" }, {} } do
    change.token, change.collection = tostring(index), c
    sync:send(change)
    local answer = sync:recv()
    print(answer.token, answer.document and answer.document.version, answer.failure and answer.failure.code)
  end
  sync:close_send()
  print(sync:recv())
  print(sync.headers["echo-x"], sync.ok, sync.error)
  for change in watch:messages() do print(change.kind, change.document.uri) end
  print(watch.status, watch.ok, watch.received)
  do
    local late <close> = self.grpc:stream(S .. "WatchDocuments", { name = "late", timeout = 0.05 })
    late:send { collection = c }
    print(late:recv())
    print(late.status_name, late.error.kind, late.error.text)
  end
  local judged = self.grpc:stream(S .. "WatchDocuments", { name = "judged", catch_response = true })
  judged:send { collection = c }
  judged:cancel()
  print(judged.status_name, judged.error.kind, judged:send {})
  -- Left open: the end of its user closes it, and counts it as a success.
  self.grpc:stream(S .. "WatchDocuments", { name = "left open" }):send { collection = c }
end)
