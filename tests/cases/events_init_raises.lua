-- Nothing runs where init raises.
local U = User:extend("U")
U:task("t", function() print("ran") end)
events.init:add_listener(function() error("no environment") end) --@error
events.init:add_listener(function() print("the others hear it") end)
events.test_start:add_listener(function() print("test_start") end)
setup(function() print("setup") end)
teardown(function() print("teardown") end)
events.quitting:add_listener(function() print("quitting") end)
