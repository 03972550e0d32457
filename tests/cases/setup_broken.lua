-- Where the VM of setup broke, what is still to be called has a new one.
setup(function() --@setup
  local all = {}
  while true do all[#all + 1] = ("x"):rep(1e6) .. #all end
end)
teardown(function() print("teardown") end)
events.test_stop:add_listener(function() print("test_stop") end)
local U = User:extend("U")
U:task("t", function() print("ran") end)
