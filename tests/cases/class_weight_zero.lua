-- flags: -u 3 -r 1000 -i 2
-- log: sorted
-- A class of weight 0 gets no user, but for its fixed count.
local None = User:extend("None", { weight = 0 })
None:task("work", function(self) print("never") end)
local Fixed = User:extend("Fixed", { weight = 0, fixed_count = 2, wait_time = constant(10) })
Fixed:task("work", function(self) print(vu.id .. " " .. vu.class) end)
