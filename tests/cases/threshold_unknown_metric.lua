-- No metric is called like that.
options { thresholds = { http_req_durations = "p(95)<500" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
