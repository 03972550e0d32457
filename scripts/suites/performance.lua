-- Performance: how fast is the service under a constant load? 10 minutes, 50 users.
options { users = 50, spawn_rate = 5, run_time = "600s" } -- flags, variables and config override these

local APIClient = require("utils.client")
local generate = require("utils.data_generator")

local PerformanceTestUser = HttpUser:extend("PerformanceTestUser", { wait_time = between(0.1, 0.5) })

function PerformanceTestUser:on_start()
  self.api = APIClient.new(self.client, generate.collection("perf_test"))
  self.uris = {}
end

PerformanceTestUser:task("batch_create", 5, function(self)
  -- A user's last batch makes room for its next: the service holds as much at the end as at the start.
  self.api:clean_up(self.uris)
  local documents = generate.documents(10, "perf", { batch = true })
  self.uris = generate.uris(documents)
  self.api:batch_create(documents)
end)

PerformanceTestUser:task("query_documents", 10, function(self)
  local page = self.api:query_documents({}, 100)
  assert(not page or #page.documents == math.min(page.total_size, 100), "the page is not full")
end)

function PerformanceTestUser:on_stop()
  self.api:clean_up(self.uris)
end
