-- An item of a list of tasks that is none.
local U = User:extend("U", { tasks = { { target = print, wieght = 2 } } }) --@class
