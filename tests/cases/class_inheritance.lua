-- flags: -u 1 -i 60
-- A class has the attributes, methods and tasks of its parents; its own of the same name come first.
local Base = HttpUser:extend("Base", { abstract = true, greeting = "hello", place = "base" })

function Base:on_start()
  self.ran = {}
  print("started at " .. self:describe_place() .. " with " .. self.greeting)
end

function Base:describe_place() return "<" .. self.place .. ">" end
function Base:shout(text) return text .. "!" end

Base:task("inherited", function(self) self.ran.inherited = "from Base" end)
Base:task("replaced", function(self) self.ran.replaced = "from Base" end)

local Middle = Base:extend("Middle", { abstract = true, place = "middle" })
Middle:task("replaced", function(self) self.ran.replaced = "from Middle" end)

local Leaf = Middle:extend("Leaf", { place = "leaf" })

function Leaf:shout(text) return Middle.shout(self, text) .. "!" end

Leaf:task("own", function(self) self.ran.own = "from Leaf" end)

function Leaf:on_stop()
  print("inherited " .. self.ran.inherited)
  print("replaced " .. self.ran.replaced)
  print("own " .. self.ran.own)
  print(self:shout("stopped"))
end
