-- A user class as a task.
local Other = User:extend("Other", { tasks = { function() end } })
User:extend("U", { tasks = { Other } }) --@class
