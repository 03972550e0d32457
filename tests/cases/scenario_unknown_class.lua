-- A scenario runs a class that there is.
options { scenarios = { main = { executor = "constant_vus", duration = 1, exec = "V" } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
