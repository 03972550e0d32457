-- flags: -i 1 -e GIVEN=value -e EMPTY= -e TEST_EQUALS=a=b
-- env: what was given with -e; texts always; nothing of the machine's own.
local U = User:extend("U", {})
U:task("work", function(self)
  print(env.GIVEN)
  print("<" .. env.EMPTY .. ">")
  print(env.TEST_EQUALS)
  print(tostring(env.NOT_GIVEN))
  print(tostring(env.PATH) .. " " .. tostring(env.HOME))
  print(type(env.DEMO))
  local names = {}
  for name, value in pairs(env) do
    if name ~= "DEMO" and name ~= "GRPC" and name ~= "HOSTILE" and name ~= "SECURE" then names[#names + 1] = name .. "=" .. value end
  end
  table.sort(names)
  print(table.concat(names, " "))
  print(select(2, pcall(function() env.GIVEN = "other" end))) --@set
  print(select(2, pcall(function() env.NEW = "other" end))) --@new
end)
