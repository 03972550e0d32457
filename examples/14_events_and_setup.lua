-- What happens once a run: `setup` and `teardown`, and listeners of its events.
--
--   cargo run -- --script examples/14_events_and_setup.lua
--
-- They run in a VM of their own. What `setup` returns is `self.data` of every user, held once for
-- all of them. `request` and `user_error` are heard in the VM of the user to whom they happen.
options { users = 2, spawn_rate = 10, iterations = 6 }

local documents = "/v1beta/collections/events/documents"

events.test_start:add_listener(function(event) log.info("testing", event.environment.name) end)

setup(function()
  local response = http.post(documents, { name = "prepare", json = { document = { uri = uuid(), fields = {} } } })
  return { uri = response:json("document.uri"), greeting = "hello" }
end)

teardown(function(data)
  http.delete(documents .. "/" .. data.uri, { name = "clean up" })
end)

-- Counts for its own user: each VM has its own variables.
local slow = 0

events.request:add_listener(function(event)
  if event.response_time > 1000 then slow = slow + 1 end
end)

events.user_error:add_listener(function(event) log.warn("user", event.user_id, "raised", event.exception) end)

events.quitting:add_listener(function(event) log.info("exit code so far:", event.exit_code) end)

local Visitor = HttpUser:extend("Visitor", { wait_time = constant(0.1) })

Visitor:task("read", function(self)
  local response = self.client:get(documents .. "/" .. self.data.uri, { name = "read" })
  check(response, { ["it is the prepared one"] = response:json("document.uri") == self.data.uri })
end)

function Visitor:on_stop() log.info(self.data.greeting, "from user", vu.id, "with", slow, "slow requests") end
