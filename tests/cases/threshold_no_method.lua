-- A percentile is written as a function.
options { thresholds = { http_req_duration = "p95<500" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
