-- Failed requests of setup and an error of teardown count as any other.
local U = HttpUser:extend("U")
U:task("t", function(self) print("ran", check("in a task", true)) end)
setup(function()
  http.get("/nowhere", { name = "in setup" })
  check("in setup", false)
end)
teardown(function() error("cannot clean up") end) --@error
