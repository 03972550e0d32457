-- The braces are not closed.
options { thresholds = { ["checks{check:a"] = "rate==1" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
