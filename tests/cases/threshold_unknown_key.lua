-- Tables of thresholds have other keys than those of k6.
options { thresholds = { checks = { threshold = "rate==1", abortOnFail = true } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
