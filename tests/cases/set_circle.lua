-- Sets that hold nothing but each other, and a task of weight 0.
local A = TaskSet:extend("A") --@class
local B = SequentialTaskSet:extend("B", { tasks = { A } })
A:task("b", B)
A:task("never", 0, function() end)
User:extend("U", { tasks = { A } })
