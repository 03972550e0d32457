-- server: none
-- A JSON file: looked up where it lies, read-only.
local catalogue = data.json("data/catalogue.json")
local U = User:extend("U", {})
U:task("work", function()
  print(catalogue.version, math.type(catalogue.version), catalogue.none == json.null, catalogue.nothing)
  print(#catalogue.items, #catalogue.empty, catalogue.items[1].tags[2], catalogue.items[2].id, catalogue.items[3])
  for i, item in ipairs(catalogue.items) do print(i, item.id) end
  for name in pairs(catalogue) do print(name) end
  for name, value in pairs(catalogue.items[1]) do print(name, type(value)) end
  print(json.encode(catalogue.items), pcall(function() catalogue.version = 1 end))
  print(json.decode(json.encode(catalogue.items[1])).id, catalogue == data.json("data/catalogue.json"))
end)
