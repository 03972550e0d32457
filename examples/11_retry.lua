-- Trying until it works: the standard library's `retry`.
--
--   cargo run -- --script examples/11_retry.lua
--
-- Asynchronous systems answer "not yet" for a while. `retry(attempts, pause, try)` calls `try` until
-- it returns something, `pause` seconds apart; nil if it never does. Each attempt is a request like
-- any other, so the early ones are judged here: "not yet" is no failure.
local retry = require("e2e.retry")

options { iterations = 2 }

local Patient = HttpUser:extend("Patient")

function Patient:on_start()
  self.path = "/v1beta/collections/slow/documents"
end

Patient:task("wait_for_document", function(self)
  local uri = uuid()
  local found = retry(5, 0.05, function(attempt)
    if attempt == 3 then -- somebody else's work, done at last
      self.client:post(self.path, { name = "create", json = { document = { uri = uri, fields = {} } } })
    end
    local response <close> = self.client:get(self.path .. "/" .. uri, { name = "poll", catch_response = true })
    if response.status_code == 404 then response:success() end
    return response.ok and response:json("document")
  end)
  check("found in the end", found ~= nil and found.uri == uri)
end)
