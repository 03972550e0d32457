-- flags: -u 1 -i 2 --tags fast
-- Nothing below any set is left.
local Set = TaskSet:extend("Set")
Set:task("slow", { tags = "slow" }, function() end)
local U = User:extend("U", { tasks = { TaskSet:extend("Outer", { tasks = { Set } }) } })
