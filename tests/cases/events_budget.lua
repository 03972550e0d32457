-- A listener that breaks the VM keeps no other from being called: they get a new one.
local U = User:extend("U")
events.test_start:add_listener(function() print("first") end)
events.test_start:add_listener(function() while true do end end) --@loop
events.test_start:add_listener(function() print("third") end)
U:task("t", function() print("ran") end)
