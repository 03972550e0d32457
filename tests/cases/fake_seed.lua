-- flags: -u 3 -r 1000 -i 3
-- server: none
-- log: sorted
-- Each VU draws values of its own. With the same seed (here 1) and number it draws them again, in
-- whatever order the VUs run: what is expected here was drawn by another run.
local U = User:extend("U", { wait_time = constant(10) })
U:task("work", function()
  print(vu.id .. " " .. fake.int(1, 1000) .. " " .. fake.word() .. " " .. fake.uuid():sub(1, 8) .. " " .. math.random(1000))
end)
