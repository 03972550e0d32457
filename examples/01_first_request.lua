-- A user class with one task: the smallest script there is.
--
--   cargo run -- --script examples/01_first_request.lua
--
-- Each of the two users says hello ten times in all, a tenth of a second apart. The requests go
-- to the bundled documents service: config/local.yaml says so. Another target: --host URL.
options { users = 2, spawn_rate = 10, iterations = 10 }

local Visitor = HttpUser:extend("Visitor", { wait_time = constant(0.1) })

Visitor:task("say_hello", function(self)
  local response = self.client:get("/ready")
  log.info(response.status_code, response:json().status)
end)
