-- Scenarios that run plain functions, as k6's do: no class is needed.
--
--   cargo run -- --script examples/32_functions.lua
--
-- `exec` names a global function. Each of its users calls it again and again; it gets the user as its
-- argument, whose `client` is `http`. Paths refer to the base URL.
options {
  scenarios = {
    look = { executor = "constant_arrival_rate", rate = 50, duration = "1s", pre_allocated_vus = 5, max_vus = 20, exec = "look" },
    order = { executor = "per_vu_iterations", vus = 2, iterations = 3, exec = "order", env = { CURRENCY = "EUR" } },
  },
  thresholds = {
    ["http_req_duration_intended{scenario:look}"] = "p(95)<5000",
    ["iterations{scenario:order}"] = "count==6",
  },
}

function look()
  check(http.get("/ready"), { ["is ready"] = function(response) return response.status_code == 200 end })
end

function order(user)
  local path = "/v1beta/collections/orders_" .. uuid.hex() .. "/documents"
  local fields = { currency = env.CURRENCY, number = vu.iteration }
  user.client:post(path, { json = { document = { uri = "a", fields = fields } }, name = "order" })
  user.client:delete(path .. "/a", { name = "clean up" })
end
