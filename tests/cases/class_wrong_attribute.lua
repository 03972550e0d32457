-- A slip in the name of an attribute that means something to the runner.
local U = User:extend("U", { wiat_time = constant(1) }) --@class
U:task("work", function(self) end)
