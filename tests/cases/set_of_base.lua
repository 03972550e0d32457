-- A base class as a task.
User:extend("U", { tasks = { { SequentialTaskSet, 2 } } }) --@class
