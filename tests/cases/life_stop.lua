-- flags: -u 2 -r 1000 -i 50
-- log: sorted
-- self:stop() ends the user after its task; the run ends when no user is left.
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("work", function(self)
  if vu.iteration == vu.id then
    self:stop()
    print(vu.id .. " goes on to the end of its task")
  end
end)
function U:on_stop() print(vu.id .. " stops after " .. vu.iteration) end
