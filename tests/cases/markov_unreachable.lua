-- A chain with tasks that nothing leads to: a warning, and the run goes on.
local Chain = MarkovTaskSet:extend("Chain")
Chain:task("browse", { next = "browse" }, function() print("browse") end)
Chain:task("buy", { next = "pay" }, function() end)
Chain:task("pay", { next = "browse" }, function() end)
User:extend("U", { tasks = { Chain } })
