-- A list of tasks that is none.
local U = User:extend("U", { tasks = { { weight = 2 } } }) --@class
function U:on_start() end
