-- A table from tasks to weights, as in Python.
local function work() end
User:extend("U", { tasks = { [work] = 3 } }) --@class
