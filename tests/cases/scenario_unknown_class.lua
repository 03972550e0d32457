-- A scenario runs a class or a function that there is; a local function is none that it could find.
options { scenarios = { main = { executor = "constant_vus", duration = 1, exec = "looc" } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
function look() end
local function looc() end
