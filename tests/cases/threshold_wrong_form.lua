-- A threshold is a text or a table.
options { thresholds = { checks = { 5 } } } --@options
local U = User:extend("U", {})
U:task("work", function(self) end)
