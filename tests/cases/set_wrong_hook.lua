-- A hook that is no function.
local Set = TaskSet:extend("Set", { on_start = 1, tasks = { function() end } }) --@class
User:extend("U", { tasks = { Set } })
