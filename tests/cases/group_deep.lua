-- server: none
-- counts: no
-- Groups nest about as deep as host functions do, and further is an error.
local U = User:extend("U", {})
local function deep(n) return n == 0 and "bottom" or group("g", function() return deep(n - 1) end) end --@deep
U:task("work", function()
  print(deep(30), select(2, pcall(deep, 60)))
  print(deep(30))
end)
