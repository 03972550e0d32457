-- flags: -u 1 -i 1
-- Sets nested as deep as one likes.
local Set
for number = 1, 300 do
  local inner = Set
  Set = TaskSet:extend("Set " .. number, { tasks = { inner } })
  function Set:on_start() self.depth = (self.parent.depth or 0) + 1 end
  if not inner then
    Set:task("work", function(self) print("depth " .. self.depth) end)
  end
end
User:extend("U", { tasks = { Set } })
