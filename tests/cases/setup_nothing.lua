-- Setup need not return anything, and data may be a plain value.
setup(function() end)
teardown(function(data) print("teardown", data) end)
local U = User:extend("U", { data = "its own" })
U:task("t", function(self) print(self.data, User.data) end)
