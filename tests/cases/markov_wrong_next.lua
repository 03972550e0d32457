-- A `next` that is no table of names.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = 5 }, function() end)
User:extend("U", { tasks = { Chain } })
