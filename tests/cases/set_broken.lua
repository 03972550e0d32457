-- flags: -u 1 -i 3
-- A VM that runs out of memory within sets is replaced: the user begins anew, in no set.
local Inner = SequentialTaskSet:extend("Inner")
Inner:task("work", function()
  print("work " .. vu.iteration)
  if vu.iteration == 1 then
    local text = "x"
    while true do text = text .. text end --@grow
  end
end)
local Outer = SequentialTaskSet:extend("Outer")
function Outer:on_start() print("outer start") end
function Outer:on_stop() print("outer stop") end
Outer:task("inner", Inner)
local U = User:extend("U", { tasks = { Outer } })
function U:on_start() print("user start") end
