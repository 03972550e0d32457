-- Task sets: tasks that belong together, sets within sets, and how a user leaves them again.
--
--   cargo run -- --script examples/12_task_sets.lua
--   cargo run -- --script examples/12_task_sets.lua --tags editing
--
-- A user that comes to a set goes on with the set's tasks until one of them calls `interrupt`.
options { iterations = 40 }

local DOCUMENTS = "/v1beta/collections/example12/documents"

-- In order, each as often in a row as its weight says, then from the start again. `self` is the set's
-- own instance, new each time that the set is entered.
local Edit = SequentialTaskSet:extend("Edit", { wait_time = constant(0.01), tags = { "editing" } })

Edit:task("create", function(self)
  local uri = uuid()
  self.client:post(DOCUMENTS, { name = "create", json = { document = { uri = uri, fields = { draft = 0 } } } })
  self.path = DOCUMENTS .. "/" .. uri
end)

Edit:task("change", 3, function(self)
  self.client:patch(self.path, { name = "change", json = { fields = { draft = vu.iteration } } })
end)

Edit:task("leave", function(self) self:interrupt() end)

-- Runs whenever the set is left, also because the run ends.
function Edit:on_stop()
  if self.path then self.client:delete(self.path, { name = "delete" }) end
end

-- From one task to the next by chance: each names what may follow it, and how often. The first is the
-- one that is defined first.
local Visit = MarkovTaskSet:extend("Visit")

function Visit:on_start() self.user.visits = self.user.visits + 1 end

Visit:task("look", { next = { look = 2, edit = 1, leave = 1 } }, function(self)
  self.client:get("/ready", { name = "look" })
end)

Visit:task("edit", { next = "look" }, Edit)

-- `false`: the user waits before it goes on.
Visit:task("leave", { next = "look" }, function(self) self:interrupt(false) end)

-- At random by weight, as tasks are. Sets without a wait of their own wait as the user does.
local Visitor = HttpUser:extend("Visitor", { wait_time = between(0.005, 0.01), visits = 0 })

Visitor:task("visit", 2, Visit)
Visitor:task("edit", Edit)

function Visitor:on_stop() print("visits: " .. self.visits) end
