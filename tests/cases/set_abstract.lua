-- A set that is only to be extended, used as a task.
local Base = TaskSet:extend("Base", { abstract = true }) --@class
Base:task("work", function() end)
User:extend("U", { tasks = { Base:extend("Set"), Base } })
