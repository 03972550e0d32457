-- Tags within a chain.
local Chain = MarkovTaskSet:extend("Chain") --@class
Chain:task("browse", { next = "browse", tags = "fast" }, function() end)
User:extend("U", { tasks = { Chain } })
