-- After an abort in `init` nothing begins, so that nothing is stopped either.
local U = User:extend("U")
events.init:add_listener(function() test.abort("not today") end)
events.test_start:add_listener(function() print("test_start") end)
events.test_stop:add_listener(function() print("test_stop") end)
events.quitting:add_listener(function(event) print("quitting", event.exit_code) end)
U:task("t", function() print("ran") end)
