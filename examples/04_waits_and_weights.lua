-- How often: weights of classes and tasks, and the waits between tasks.
--
--   cargo run -- --script examples/04_waits_and_weights.lua
--   cargo run -- --script examples/04_waits_and_weights.lua --show-task-ratio
--   cargo run -- --script examples/04_waits_and_weights.lua Writer --tags fast
--
-- Of ten users one is an Admin (its count is fixed), and the other nine are shared 2 : 1.
options { users = 10, spawn_rate = 100, run_time = 2 }

-- Seconds, evenly distributed. Others: constant(s), poisson(rate), constant_pacing(s).
local Reader = HttpUser:extend("Reader", { weight = 2, wait_time = between(0.1, 0.3) })

-- Four of five tasks are `read`.
Reader:task("read", 4, function(self) self.client:get("/ready", { name = "read" }) end)
Reader:task("search", 1, function(self)
  self.client:post("/v1beta/collections/example/documents:query", { name = "search", json = { query = {} } })
end)

-- Four tasks a second and user, however long a task takes.
local Writer = HttpUser:extend("Writer", { wait_time = constant_throughput(4) })

Writer:task("write", { weight = 1, tags = { "fast" } }, function(self)
  self.client:post("/v1beta/collections/example/documents", {
    name = "write",
    json = { document = { uri = uuid(), fields = { size = math.random(10) } } },
  })
end)

-- A function of the class's own: it gets the user, and returns seconds.
local Admin = HttpUser:extend("Admin", { fixed_count = 1 })
function Admin:wait_time() return vu.iteration == 1 and 0.5 or 1 end

Admin:task("look", function(self) self.client:get("/ready", { name = "look" }) end)
