-- flags: -u 5 -r 1000 -i 5
-- log: sorted
-- A fixed count is filled first, whatever the weights; the rest goes by weight.
local function work(self) print(vu.id .. " " .. vu.class) end
local Z = User:extend("Z", { fixed_count = 2, wait_time = constant(10) })
Z:task("work", work)
local A = User:extend("A", { weight = 2, wait_time = constant(10) })
A:task("work", work)
local B = User:extend("B", { wait_time = constant(10) })
B:task("work", work)
