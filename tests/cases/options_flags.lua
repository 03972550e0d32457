-- flags: -u 2 -r 1000 -i 2 -t 20s
-- log: sorted
-- Flags come before the script's options.
options { users = 5, spawn_rate = 1, iterations = 100, run_time = 0.001 }
local U = User:extend("U", { wait_time = constant(10) })
U:task("work", function(self) print(vu.id) end)
