-- flags: -u 1 -r 1000 -i 1 --env thresholds
-- What the environment file says of a metric replaces what the script says of it.
options { thresholds = { http_reqs = "count>100", checks = "rate==1" } }
options { thresholds = { checks = "rate==0" } }
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/ready")
  check("holds", false)
end)
