-- A request at the top level: every user would send it, before the run.
http.get("/ready") --@get
local U = HttpUser:extend("U", {})
U:task("work", function(self) end)
