-- A user's beginning and end: what it makes, it removes.
--
--   cargo run -- --script examples/17_start_and_stop.lua
--
-- `on_start` runs before a user's first task, `on_stop` after its last: also when the run ends by
-- time, by Ctrl-C, or because the user stops itself, as each does here after three documents.
options { users = 2, spawn_rate = 10, run_time = "30s" }

local Writer = HttpUser:extend("Writer", { wait_time = constant(0.05) })

function Writer:on_start()
  self.documents = "/v1beta/collections/writer_" .. uuid.hex() .. "/documents"
  self.uris = {}
end

Writer:task("write", function(self)
  local uri = uuid()
  -- Noted before it is sent: a request without an answer may have worked.
  self.uris[#self.uris + 1] = uri
  self.client:post(self.documents, { name = "write", json = { document = { uri = uri, fields = {} } } })
  if #self.uris == 3 then self:stop() end
end)

function Writer:on_stop()
  for _, uri in ipairs(self.uris) do self.client:delete(self.documents .. "/" .. uri, { name = "remove" }) end
  local left = self.client:post(self.documents .. ":query", { name = "look", json = { query = {} } })
  log.info("documents left:", left:json("total_size"))
end
