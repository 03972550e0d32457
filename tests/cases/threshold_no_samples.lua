-- A threshold that had nothing to judge is inconclusive, which is graver than one that is crossed.
metrics.trend("never")
options { thresholds = {
  never = "avg<1",
  ["http_req_duration{kind:b}"] = "p(95)<60000",
  ["http_reqs{name:/redy}"] = "count<5",
  ["checks{check:holds}"] = "rate==1",
  ws_sessions = "count>0",
  http_reqs = "count>1",
} }
local U = HttpUser:extend("U", {})
U:task("work", function(self) self.client:get("/ready", { tags = { kind = "a" } }) end)
