-- server: none
-- What group refuses.
local U = User:extend("U", {})
print(pcall(group, "while loading", print))
U:task("work", function()
  for _, wrong in ipairs { { "a" }, { "a", 5 }, { "", print }, { "a::b", print }, { 5, print }, { nil, print }, { "\xff", print } } do
    print(select(2, pcall(group, wrong[1], wrong[2])))
  end
  print(coroutine.wrap(function() return pcall(group, "yields", coroutine.yield) end)())
  group("after all that", function() check("is at the top", true) end)
end)
