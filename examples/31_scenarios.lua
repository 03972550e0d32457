-- Scenarios: a load of several parts, each with a pace and an end of its own.
--
--   cargo run -- --script examples/31_scenarios.lua
--
-- With users (`constant_vus` and the like) a slow answer slows the load down. At an arrival rate it
-- does not: iterations begin at their moments, as customers do, and what finds no free user is dropped
-- and counted.
options {
  scenarios = {
    browse = {
      executor = "ramping_vus", start_vus = 1, exec = "Reader",
      stages = { { duration = "500ms", target = 4 }, { duration = "500ms", target = 0 } },
    },
    buy = {
      executor = "constant_arrival_rate", rate = 40, duration = "1s", pre_allocated_vus = 4, max_vus = 20,
      exec = "Buyer", env = { CURRENCY = "EUR" }, tags = { journey = "order" },
    },
    settle = { executor = "shared_iterations", vus = 2, iterations = 20, exec = "Buyer", start_time = "200ms" },
  },
  thresholds = {
    ["http_req_failed{journey:order}"] = "rate==0",
    ["http_req_duration_intended{scenario:buy}"] = "p(95)<5000",
    ["iterations{scenario:settle}"] = "count==20",
    ["iterations{scenario:buy}"] = "count>0",
  },
}

local Reader = HttpUser:extend("Reader", { wait_time = constant(0.05) })
Reader:task("look", function(self) self.client:get("/ready", { name = "look" }) end)

local Buyer = HttpUser:extend("Buyer", {})
Buyer:task("buy", function(self)
  local path = "/v1beta/collections/orders_" .. uuid.hex() .. "/documents"
  local fields = { currency = env.CURRENCY or "none" }
  self.client:post(path, { json = { document = { uri = "a", fields = fields } }, name = "buy" })
  self.client:delete(path .. "/a", { name = "clean up" })
end)
