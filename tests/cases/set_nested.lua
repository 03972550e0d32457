-- flags: -u 1 -i 7
-- Sets within sets: what an instance knows, the order of on_start and on_stop, and that a set is new
-- each time that it is entered.
local function path(self)
  local names = { self.label }
  while self.parent do
    self = self.parent
    table.insert(names, 1, self.label)
  end
  return table.concat(names, ".")
end

local function say(what)
  return function(self) print(what .. " " .. path(self) .. ", count " .. tostring(self.count)) end
end

local Inner = TaskSet:extend("Inner", { label = "inner", on_start = say("start"), on_stop = say("stop") })
Inner:task("work", function(self)
  self.count = (self.count or 0) + 1
  say("work")(self)
  assert(self.user.label == "user" and self.parent.parent == self.user)
  assert(self.client == self.user.client and self.parent.client == self.client)
  check("a request", self.client:get("/ready").ok)
  if self.count == 2 then self:interrupt() end
end)

local Outer = SequentialTaskSet:extend("Outer", { label = "outer", on_start = say("start"), on_stop = say("stop") })
Outer:task("before", function(self) self.count = (self.count or 0) + 10 end)
Outer:task("inner", Inner)

local U = HttpUser:extend("U", { label = "user", on_start = say("start"), on_stop = say("stop") })
U:task("outer", Outer)
