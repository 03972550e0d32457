-- A counter has no percentiles.
options { thresholds = { http_reqs = "p(95)<500" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
