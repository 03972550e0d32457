-- Secrets: values that no log and no result may show.
--
--   cargo run -- --script examples/18_secrets.lua
--   cargo run -- --script examples/18_secrets.lua -e API_TOKEN=do-not-tell
--
-- `secret` reads a variable, or the file of that name below /run/secrets; the first command has
-- neither, and is refused. Wherever the value would appear, in log lines, messages or results, `***`
-- is written instead.
options { iterations = 2 }

local AUTHORIZATION = "Bearer " .. secret("API_TOKEN")

local Caller = HttpUser:extend("Caller")

Caller:task("call", function(self)
  local response = self.client:get("/ready", { headers = { Authorization = AUTHORIZATION } })
  log.info("sent with", AUTHORIZATION)
  assert(response.ok, "not let in with " .. AUTHORIZATION)
end)
