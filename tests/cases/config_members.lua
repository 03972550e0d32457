-- config: the environment file, read-only, with its types.
local U = User:extend("U", {})
U:task("work", function(self)
  print(config.environment)
  print(config.test_data.collection_prefix)
  local vars = config.vars
  print(vars.answer .. " " .. math.type(vars.answer))
  print(vars.big)
  print(vars.ratio .. " " .. math.type(vars.ratio))
  print(tostring(vars.flag))
  print(tostring(vars.nothing == json.null))
  print(vars.text)
  print(#vars.list .. " " .. vars.list[1] .. " " .. vars.list[2] .. " " .. vars.list[3].deep[2])
  print(#vars.empty_list .. " " .. #vars.empty .. " " .. #config)
  print(tostring(vars.list[0]) .. " " .. tostring(vars.list[4]) .. " " .. tostring(vars.list.first))
  print(tostring(vars.nowhere) .. " " .. tostring(config.nowhere))
  for i, value in ipairs(vars.list) do if i < 3 then print(i .. " " .. value) end end
  local names = {}
  for name in pairs(vars) do names[#names + 1] = name end
  table.sort(names)
  print(table.concat(names, " "))
  for i, value in pairs(vars.list[3].deep) do print(i .. " " .. value) end
  for _ in pairs(vars.empty) do print("never") end
  print(json.encode(vars.list))
  print(tostring(vars.list))
  print(type(vars) .. " " .. tostring(vars.list == vars.list))
  print(select(2, pcall(function() config.environment = "prod" end))) --@set
  print(select(2, pcall(function() vars.list[1] = 5 end))) --@item
  print(select(2, pcall(function() vars.list[#vars.list + 1] = 5 end))) --@append
  print(select(2, pcall(function() return vars.nowhere.deeper end))) --@deeper
  print(select(2, pcall(function() vars() end))) --@call
  print(tostring(getmetatable(vars)))
  print(select(2, pcall(setmetatable, vars, {})))
  print(select(2, pcall(rawset, vars, "a", 1)))
  print(select(2, pcall(table.insert, vars.list, 1)))
end)
