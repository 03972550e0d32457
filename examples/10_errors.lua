-- What failures look like: this run exits with 1.
--
--   cargo run -- --script examples/10_errors.lua
--
-- A request that fails returns a response all the same: with its status, or with status 0 and an
-- `error`. Only what the script raises ends a task: it is counted as an exception, with the
-- script's own stack, and the user goes on. Failures and exceptions are grouped by their message.
options { iterations = 20, seed = 1 }

local Unlucky = HttpUser:extend("Unlucky")

Unlucky:task("ask_for_nothing", function(self)
  self.client:get("/v1beta/collections/none/documents/none", { name = "missing document" })
end)

Unlucky:task("ask_nobody", function()
  -- Nothing listens on port 1.
  local response = http.get("http://127.0.0.1:1/", { name = "nobody there" })
  assert(response.status_code == 0 and response.error and response.error.kind == "connect")
end)

Unlucky:task("misread_the_answer", function(self)
  local function first_item(answer) return answer.items[1] end
  local item = first_item(self.client:get("/ready"):json())
  log.info(item)
end)

Unlucky:task("misspell_an_option", function(self)
  self.client:get("/ready", { timout = 5 })
end)
