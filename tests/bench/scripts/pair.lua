-- Stores a document, reads it back and compares: the heart of the smoke suite, without a wait.
local documents = "/v1beta/collections/bench/documents"
local Pair = HttpUser:extend("Pair")

Pair:task("pair", function(self)
  local uri = "doc-" .. uuid.hex()
  self.client:post(documents, {
    name = "POST /documents",
    json = { document = { uri = uri, fields = { test = true, timestamp = time.now() } } },
  })
  local response = self.client:get(documents .. "/" .. uri, { name = "GET /documents/{uri}" })
  if response:json().document.uri ~= uri then error("another document came back") end
end)
