-- flags: -u 1 -i 9
-- A MarkovTaskSet begins with its first task, and each task says what may follow it: a table of
-- weights, a list of names, or one name. What follows may be a set.
local function say(what)
  return function() print(what) end
end

local Pay = TaskSet:extend("Pay")
Pay:task("pay", function(self)
  print("pay")
  self:interrupt()
end)

local Shop = MarkovTaskSet:extend("Shop")
Shop:task("enter", { next = { browse = 7 } }, say("enter"))
Shop:task("browse", { next = { "look" } }, say("browse"))
Shop:task("look", { next = "buy" }, say("look"))
Shop:task("buy", { next = { pay = 1 } }, say("buy"))
Shop:task("pay", { next = "leave" }, Pay)
Shop:task("leave", { next = "enter" }, function(self)
  print("leave")
  self:interrupt()
end)

local U = User:extend("U")
U:task("shop", Shop)
