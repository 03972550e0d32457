-- A table that contains itself is no data.
local U = User:extend("U")
U:task("t", function() print("ran") end)
setup(function() --@setup
  local data = { name = "a" }
  data.self = data
  return data
end)
