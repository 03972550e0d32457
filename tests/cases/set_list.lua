-- flags: -u 1 -i 3000
-- Lists of tasks with sets in them: a set, a set and its weight, functions beside them; a set twice in
-- a list is twice as likely. At random they come by weight.
local ran = { light = 0, heavy = 0, plain = 0, twice = 0 }
local function set(name)
  local Set = TaskSet:extend(name)
  Set:task("work", function(self)
    ran[name] = ran[name] + 1
    self:interrupt()
  end)
  return Set
end
local Twice = set("twice")
local Set = TaskSet:extend("Set", {
  tasks = { set("light"), { set("heavy"), 4 }, function() ran.plain = ran.plain + 1 end, Twice, { target = Twice } },
})
local U = User:extend("U", { tasks = { Set } })
function U:on_stop()
  for name, parts in pairs({ light = 1, heavy = 4, plain = 1, twice = 2 }) do
    -- Four standard deviations of a share of a half are 0.037.
    check(name, math.abs(ran[name] / 3000 - parts / 8) < 0.037)
  end
end
