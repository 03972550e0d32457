-- flags: -u 12 -r 1000 -i 12
-- log: sorted
-- Users are spread over classes by weight, in Locust's order.
local A = User:extend("A", { weight = 5, wait_time = constant(10) })
A:task("work", function(self) print(vu.id .. " " .. vu.class) end)
local B = User:extend("B", { wait_time = constant(10) })
B:task("work", function(self) print(vu.id .. " " .. vu.class) end)
