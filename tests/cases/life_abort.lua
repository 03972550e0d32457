-- flags: -u 2 -r 1000 -i 100
-- test.abort ends the run with a code of its own; on_stop still runs.
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("work", function(self)
  if vu.id == 1 and vu.iteration == 2 then
    pcall(test.abort, "the service is gone")
    print("never printed")
  end
  sleep(0.001)
end)
function U:on_stop() check("on_stop", true) end
