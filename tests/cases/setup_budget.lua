-- Setup has the budgets of any call.
local U = User:extend("U")
U:task("t", function() print("ran") end)
setup(function() while true do end end) --@loop
