-- What JSON cannot carry is no data; the path is told.
local U = User:extend("U")
U:task("t", function() print("ran") end)
setup(function() return { users = { { name = "a", greet = function() end } } } end) --@setup
