-- Only classes of weight 0: nobody would run.
local None = User:extend("None", { weight = 0 })
None:task("work", function(self) end)
