-- There are six executors.
options { scenarios = { main = { executor = "constant_vu", duration = 1 } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
