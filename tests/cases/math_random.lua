-- flags: -u 1 -i 2 --seed 7
-- server: none
-- The same seed draws the same numbers in every language.
local U = User:extend("U")
U:task("work", function()
  local drawn = {}
  for i = 1, 20 do drawn[i] = math.random(1, 1000) end
  print(table.concat(drawn, " "))
  print(math.random(6), math.random(8), math.random(-5, 5), math.random(1, 1))
  print(math.random() < 1, math.floor(math.random() * 1000000), math.random(0) ~= 0)
  print(math.random(math.mininteger, math.maxinteger))
end)
