-- A wait time that is none.
local U = User:extend("U", { wait_time = "2 s" }) --@class
U:task("work", function(self) end)
