-- flags: -u 1 -i 5
-- self:stop() in on_start: no task, but on_stop.
local U = User:extend("U", {})
function U:on_start() self:stop() end
U:task("work", function(self) print("task") end)
function U:on_stop() print("on_stop") end
