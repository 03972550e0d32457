-- A limit is a number, without a unit.
options { thresholds = { http_req_duration = "p(95)<500ms" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
