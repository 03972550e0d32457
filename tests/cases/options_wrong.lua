-- An option of the wrong kind.
options { run_time = "soon" } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
