-- Of several classes one must be named.
options { scenarios = { main = { executor = "constant_vus", duration = 1 } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
local V = User:extend("W", {})
V:task("work", function(self) end)
