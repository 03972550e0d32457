-- flags: --quiet
-- log: sorted
-- What the script asks for, where no flag says otherwise. A later call adds to an earlier one.
options { users = 3, spawn_rate = 1000, iterations = 100 }
options { iterations = 3, stop_timeout = "2s", seed = 7, run_time = "20s" }
local U = User:extend("U", { wait_time = constant(10) })
U:task("work", function(self) print(vu.id) end)
