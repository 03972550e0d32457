-- flags: -u 2 -r 1000 -i 2
-- log: sorted
-- vu: who runs the script.
local A = User:extend("Alpha", { wait_time = constant(10) })
local function show(what) print(vu.id .. " " .. vu.class .. " " .. vu.iteration .. " " .. what) end
function A:on_start() show("on_start") end
A:task("work", function(self) show("task") end)
function A:on_stop() show("on_stop") end
