-- flags: -r 1000
-- A run time ends the run: waiting users stop at once, the running task is let finish.
options { users = 2, run_time = "400ms", stop_timeout = 5 }
local Waits = User:extend("Waits", { wait_time = constant(60) })
Waits:task("work", function(self) end)
local Works = User:extend("Works", {})
Works:task("work", function(self)
  sleep(0.6)
  print("done after the end")
end)
