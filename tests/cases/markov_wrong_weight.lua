-- A weight of 0 in a chain.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = { browse = 0 } }, function() end)
User:extend("U", { tasks = { Chain } })
