-- Of several one is crossed: exit code 99, and all are shown.
options { thresholds = {
  http_req_duration = { "p(95)<60000", { threshold = "min<0" } },
  ["http_req_duration{name:other}"] = { threshold = "max<60000", abort_on_fail = false },
  checks = "rate>0.9",
} }
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/ready", { name = "other" })
  check("holds", false)
end)
