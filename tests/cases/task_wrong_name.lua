-- An item of a list of tasks that is none.
local U = User:extend("U", { tasks = { { target = print, name = 5 } } }) --@class
