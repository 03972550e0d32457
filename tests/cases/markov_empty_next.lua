-- A task of a chain that is followed by none of none.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = {} }, function() end)
User:extend("U", { tasks = { Chain } })
