-- flags: -u 2 -r 1000 -i 2 Second
-- log: sorted
-- Only the classes named on the command line are run.
local First = User:extend("First", {})
First:task("work", function(self) print("first") end)
local Second = User:extend("Second", { wait_time = constant(10) })
Second:task("work", function(self) print("second") end)
