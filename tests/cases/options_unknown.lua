-- An option that does not exist.
options { users = 1, run_tiem = "1s" } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
