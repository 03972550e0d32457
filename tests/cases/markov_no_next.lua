-- A task of a chain that nothing follows.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = "buy" }, function() end)
Chain:task("buy", function() end)
User:extend("U", { tasks = { Chain } })
