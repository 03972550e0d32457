-- flags: -i 1 -T nothing
-- Tags that leave no task.
local U = User:extend("U", {})
U:task("plain", function(self) end)
