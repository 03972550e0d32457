-- flags: --workers 1
-- A scenario can name a global function: its users call it, one time after the other.
options { scenarios = {
  plain = { executor = "per_vu_iterations", vus = 1, iterations = 2, exec = "browse", env = { WHERE = "/ready" } },
  class = { executor = "per_vu_iterations", vus = 1, iterations = 1, exec = "Buyer", start_time = 1 },
}, thresholds = {
  ["http_reqs{scenario:plain,class:browse}"] = "count==4",
  ["http_req_failed"] = "rate==0",
} }
function browse(user)
  local first = http.get(env.WHERE)
  local second = user.client:get(env.WHERE)
  print(vu.class, vu.iteration, first.status_code, second.status_code)
end
local Buyer = User:extend("Buyer", {})
Buyer:task("buy", function(self) print(vu.class, vu.iteration) end)
