-- Requests in parallel: what a browser does with a page.
--
--   cargo run -- --script examples/09_batch.lua
--
-- `batch` sends all at once, each over a connection of its own, and returns the responses in the
-- order of the requests. An item is a path, or method, path and the usual options.
options { iterations = 3 }

local Browser = HttpUser:extend("Browser")

Browser:task("load_page", function(self)
  local page, documents, missing = table.unpack(self.client:batch {
    "/ready",
    { "POST", "/v1beta/collections/page/documents:query", name = "query", json = { query = {} } },
    { method = "GET", path = "/v1beta/collections/page/documents/none", name = "missing", catch_response = true },
  })
  missing:success()
  check("all parts came", page.ok and documents.ok and missing.status_code == 404)
end)
