-- A metric of the script's own is declared at its top level.
options { thresholds = { waits = "p(95)<500" } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
