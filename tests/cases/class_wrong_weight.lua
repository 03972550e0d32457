-- A weight below 0.
local U = User:extend("U", { weight = -1 }) --@class
U:task("work", function(self) end)
