-- The three kinds of streams of gRPC: from the server, to it, and both at once.
--
--   cargo run -- --script examples/25_grpc_streams.lua
options { users = 1, iterations = 1 }

local Streams = GrpcUser:extend("Streams")

local SERVICE = "documents.v1beta.DocumentService/"

Streams:task("all kinds", function(self)
  local collection = "example-" .. uuid.hex():sub(1, 8)

  -- From the server: what happens in a collection. Leaving the block cancels it.
  local watch <close> = self.grpc:stream(SERVICE .. "WatchDocuments", { name = "watch" })
  watch:send { collection = collection, include_existing = true }

  -- To the server: documents one after the other, and one answer at the end.
  local import = self.grpc:stream(SERVICE .. "ImportDocuments")
  for number = 1, 3 do
    import:send { collection = collection, document = { uri = "doc-" .. number } }
  end
  import:close_send()
  check("all are imported", import:recv().imported == 3)
  import:recv() -- nothing: reads how the call ended

  -- Both ways: each change has its answer.
  local sync = self.grpc:stream(SERVICE .. "SyncDocuments")
  for number = 1, 3 do
    sync:send { token = tostring(number), collection = collection, delete = "doc-" .. number }
    check("answers come in order", sync:recv(5).token == tostring(number))
  end
  sync:close_send()
  check("it ends well", sync:recv() == nil and sync.ok)

  local seen = 0
  for change in watch:messages(5) do
    seen = seen + 1
    if change.kind == "DELETED" and change.document.uri == "doc-3" then break end
  end
  check("every change was seen", seen == 6)
end)
