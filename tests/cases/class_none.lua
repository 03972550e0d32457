-- A script without a class that could be run.
local Hidden = User:extend("Hidden", { abstract = true })
Hidden:task("work", function(self) end)
