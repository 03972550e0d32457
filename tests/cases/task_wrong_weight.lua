-- A list of tasks that is none.
local U = User:extend("U", { tasks = { { target = print, weight = 1.5 } } }) --@class
function U:on_start() end
