-- flags: -u 1 -i 2 --exclude-tags slow
-- A chain that lacks a link is another chain: it is left out as a whole.
local Slow = TaskSet:extend("Slow", { tags = "slow" })
Slow:task("slow", function() print("slow") end)
local Chain = MarkovTaskSet:extend("Chain")
Chain:task("link", { next = "slow" }, function() print("link") end)
Chain:task("slow", { next = "link" }, Slow)
local U = User:extend("U", { tasks = { { Chain, 1000 }, function() print("left") end } })
