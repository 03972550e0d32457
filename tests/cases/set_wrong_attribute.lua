-- A slip in a name, on a set that nothing leads to.
TaskSet:extend("Set", { wait_tiem = 1 }) --@class
User:extend("U", { tasks = { function() end } })
