-- flags: -u 2 -r 1000 -i 2
-- A class's own host comes before --host; children inherit it.
local Elsewhere = HttpUser:extend("Elsewhere", { abstract = true, host = env.HOSTILE })
local There = Elsewhere:extend("There", { wait_time = constant(10) })
There:task("work", function(self)
  check("There goes to its class's host", self.client:get("/status/204").status_code == 204)
end)
local Here = HttpUser:extend("Here", { wait_time = constant(10) })
Here:task("work", function(self)
  check("Here goes to --host", self.client:get("/ready").status_code == 200)
end)
