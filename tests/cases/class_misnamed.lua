-- flags: -i 1 Secnd
-- A class that the script does not define.
local First = User:extend("First", {})
First:task("work", function(self) end)
local Second = User:extend("Second", {})
Second:task("work", function(self) end)
