-- What extend and task refuse of task sets, with their places.
local U = User:extend("U")
local refused = {}
local function refuse(f)
  refused[#refused + 1] = select(2, pcall(f))
end
local Set, Chain = TaskSet:extend("Set"), MarkovTaskSet:extend("Chain")
local function work() end
U:task("work", function() for _, line in ipairs(refused) do print(line) end end)

refuse(function() TaskSet:extend() end) --@nameless
refuse(function() TaskSet.extend("X") end) --@dot
refuse(function() TaskSet:extend("X", 5) end) --@attributes
refuse(function() TaskSet:extend("MarkovTaskSet") end) --@base
refuse(function() TaskSet:task("x", work) end) --@on_base
refuse(function() U:task("x", U) end) --@user
refuse(function() U:task("x", 2, TaskSet) end) --@of_base
refuse(function() U:task("x", {}) end) --@no_target
refuse(function() U:task("x", Set, 2) end) --@order
refuse(function() Set:task("x", { next = "x" }, work) end) --@next
refuse(function() Set:task("x", { wieght = 1 }, work) end) --@option
refuse(function() Chain:task("x", 2, work) end) --@weight
refuse(function() Chain:task("x", { next = "x", weight = 2 }, work) end) --@weights
refuse(function() Chain:task("x", { nxt = "x" }, work) end) --@markov_option
