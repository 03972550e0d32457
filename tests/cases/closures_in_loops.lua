-- flags: -u 1 -i 8 --seed 1
-- Each round of a loop has a variable of its own for what captures it.
local U = User:extend("U")
local made, add = {}, {}
for i = 1, 3 do
  if i == 2 then goto continue end
  made[#made + 1] = function() return i end
  add[#add + 1] = function() i = i + 10 end
  ::continue::
end
for index, name in ipairs({ "a", "b" }) do
  U:task(name, function() print(index .. name) end)
  if index == 2 then break end
end
U:task("c", function()
  add[1]()
  for _, f in ipairs(made) do print(f()) end
  for x = 1, 2 do
    local g
    for y = 1, 2 do
      local before = g
      g = function() return (before and before() .. " " or "") .. x .. y end
    end
    print(g())
  end
end)
