-- test.abort in setup: no users, no teardown.
local U = User:extend("U")
U:task("t", function() print("ran") end)
setup(function() test.abort("the service is not there") end)
teardown(function() print("teardown") end)
events.test_stop:add_listener(function() print("test_stop") end)
