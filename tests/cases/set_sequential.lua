-- flags: -u 1 -i 13
-- Tasks of a SequentialTaskSet come in the order of their definition, each as often in a row as its
-- weight says, and from the start again after the last; also from the start in each new instance.
local function say(what)
  return function() print(what) end
end

local Base = SequentialTaskSet:extend("Base", { tasks = { { name = "first", target = say("first") } } })
Base:task("second", 2, say("second"))

local Steps = Base:extend("Steps")
Steps:task("never", 0, say("never"))
Steps:task("third", say("third"))
Steps:task("first", say("the first of Steps"))
function Steps:on_start() print("begin " .. vu.iteration) end

local rounds = 0
Steps:task("last", function(self)
  rounds = rounds + 1
  print("last")
  if rounds == 2 then self:interrupt() end
end)

local U = User:extend("U")
U:task("steps", Steps)
