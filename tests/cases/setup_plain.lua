-- flags: -u 2 -r 1000 -i 2
-- log: sorted
-- A plain value as data; an attribute of the same name comes before it.
setup(function() return 42 end)
teardown(function(data) print("teardown", data) end)
local U = User:extend("U", { wait_time = constant(60) })
U:task("t", function(self) print(self.data) end)
local V = User:extend("V", { data = "its own", wait_time = constant(60) })
V:task("t", function(self) print(self.data) end)
