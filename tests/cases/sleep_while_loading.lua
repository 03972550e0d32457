-- A script cannot wait while it is loaded.
sleep(1) --@sleep
local U = User:extend("U", {})
U:task("work", function(self) end)
