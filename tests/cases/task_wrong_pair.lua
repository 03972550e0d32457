-- An item of a list of tasks that is none.
local U = User:extend("U", { tasks = { { print, -1 } } }) --@class
