-- flags: -u 3 -r 1000 -i 6
-- Each user has a sandbox of its own: what one does to globals, classes or tables, no other sees.
count = 0
local list = {}
local U = User:extend("U", { seen = 0, wait_time = constant(0.001) })
U:task("work", function(self)
  count = count + 1
  list[#list + 1] = vu.id
  U.seen = U.seen + 1
end)
function U:on_stop()
  check("globals are its own", count == vu.iteration)
  check("locals are its own", #list == vu.iteration)
  check("classes are its own", self.seen == vu.iteration)
  check("tables are its own", list[1] == vu.id)
end
