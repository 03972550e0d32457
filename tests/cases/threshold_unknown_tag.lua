-- Samples of checks have no name.
options { thresholds = { ["checks{name:a}"] = "rate==1" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
