-- A chain that leads to a task that does not exist.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = { browse = 1, brwose = 2 } }, function() end)
Chain:task("buy", { next = "browse" }, function() end)
User:extend("U", { tasks = { Chain } })
