-- counts: no
-- Tags that are ids: what is beyond the limit is counted under `other`, and said once.
local seen = metrics.counter("seen")
local U = User:extend("U", {})
U:task("work", function(self)
  for id = 1, 10010 do seen:add(1, { id = id }) end
end)
