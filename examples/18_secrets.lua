-- Secrets: values that no log and no result may show.
--
--   cargo run -- --script examples/18_secrets.lua -e API_TOKEN=do-not-tell
--
-- `secret` reads a variable, or a file below /run/secrets where there is no such variable. Wherever
-- its value would appear, in log lines, messages or result files, `***` is written instead.
options { iterations = 2 }

local Caller = HttpUser:extend("Caller")

function Caller:on_start()
  self.headers = { Authorization = "Bearer " .. secret("API_TOKEN") }
end

Caller:task("call", function(self)
  local response = self.client:get("/ready", { headers = self.headers })
  log.info("sent with", self.headers.Authorization)
  assert(response.ok, "not let in")
end)
