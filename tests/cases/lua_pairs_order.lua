-- flags: -u 3 -r 1000 -i 3
-- server: none
-- The order of `pairs` is the same in each VM and run, so that a seed repeats what a script does.
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("order", function()
  local names = {}
  for name in pairs({ a = 1, bb = 2, ccc = 3, dddd = 4, e5 = 5 }) do names[#names + 1] = name end
  print(table.concat(names, " "))
end)
