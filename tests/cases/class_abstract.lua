-- flags: -u 4 -r 1000 -i 4
-- log: sorted
-- An abstract class is not run, nor one without a task; what extends them is, if it has a task.
local Hidden = User:extend("Hidden", { abstract = true, wait_time = constant(10) })
Hidden:task("work", function(self) print("work of " .. vu.class) end)

Hidden:extend("Shown", {})
User:extend("Idle", {})
local Parent = User:extend("Parent", { wait_time = constant(10) })
Parent:task("work", function(self) print("work of " .. vu.class) end)
