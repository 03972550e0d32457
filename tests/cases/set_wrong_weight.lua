-- A weight where it means nothing.
local Set = TaskSet:extend("Set", { weight = 3, tasks = { function() end } }) --@class
User:extend("U", { tasks = { Set } })
