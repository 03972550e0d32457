-- `next` outside a MarkovTaskSet.
local Set = TaskSet:extend("Set", { tasks = { { name = "a", target = function() end, next = "a" } } }) --@class
User:extend("U", { tasks = { Set } })
