-- Stores, reads and deletes without a wait: the service stays small however long this runs.
local documents = "/v1beta/collections/bench/documents"
local Endless = HttpUser:extend("Endless")

Endless:task("cycle", function(self)
  local uri = "doc-" .. uuid.hex()
  self.client:post(documents, {
    name = "POST /documents",
    json = { document = { uri = uri, fields = { test = true, timestamp = time.now() } } },
  })
  local response = self.client:get(documents .. "/" .. uri, { name = "GET /documents/{uri}" })
  check(response, { ["uri matches"] = function(r) return r:json().document.uri == uri end })
  self.client:delete(documents .. "/" .. uri, { name = "DELETE /documents/{uri}" })
end)
