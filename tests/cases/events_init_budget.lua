-- What ends the run in `init` is told once.
local U = User:extend("U")
events.init:add_listener(function() while true do end end) --@loop
U:task("t", function() print("ran") end)
