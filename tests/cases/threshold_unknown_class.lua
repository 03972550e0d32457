-- No class is called like that.
options { thresholds = { ["checks{class:V}"] = "rate==1" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
