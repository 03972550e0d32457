-- A wait that is none.
local Set = TaskSet:extend("Set", { wait_time = "1s", tasks = { function() end } }) --@class
User:extend("U", { tasks = { Set } })
