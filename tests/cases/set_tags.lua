-- flags: -u 1 -i 5 --tags fast
-- With --tags, what has one of them is left, by itself or by a set around it; sets with nothing left
-- are not entered. One set that is nested in two places is another one in each.
local function step(name)
  return function(self)
    print(name)
    self.count = (self.count or 0) + 1
    if self.count == 2 then self:interrupt() end
  end
end

local Fast = SequentialTaskSet:extend("Fast", { tags = "fast" })
Fast:task("fast", step("fast"))
Fast:task("fast and slow", { tags = "slow" }, step("fast and slow"))
Fast:task("fast again", step("fast again"))

local Slow = SequentialTaskSet:extend("Slow")
Slow:task("slow", { tags = { "slow" } }, step("slow"))
Slow:task("plain", step("plain"))
Slow:task("slow again", { tags = { "slow", "again" } }, step("slow again"))

local Plain = SequentialTaskSet:extend("Plain", { tasks = { step("untagged") } })

local Chain = MarkovTaskSet:extend("Chain")
Chain:task("link", { next = "end" }, step("link"))
Chain:task("end", { next = "link" }, step("end of chain"))

local Round = SequentialTaskSet:extend("Round", { tasks = { Fast, Slow, Plain } })
Round:task("tagged plain", { tags = "fast" }, Plain)
Round:task("chain", Chain)
Round:task("slow chain", { tags = "slow" }, Chain)
Round:task("over", { tags = { "fast", "slow" } }, function() print("over") end)
User:extend("U", { tasks = { Round } })
