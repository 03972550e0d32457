-- A list of tasks that is none.
local U = User:extend("U", { tasks = { print, 5 } }) --@class
function U:on_start() end
