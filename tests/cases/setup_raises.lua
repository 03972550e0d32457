-- Nobody runs where setup raises, nor teardown; test_stop and quitting are heard.
local U = User:extend("U")
U:task("t", function() print("ran") end)
setup(function() error("the service is not ready") end) --@error
teardown(function() print("teardown") end)
events.test_stop:add_listener(function() print("test_stop") end)
events.quitting:add_listener(function(event) print("quitting", event.exit_code) end)
