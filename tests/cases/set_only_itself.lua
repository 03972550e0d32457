-- A set that holds nothing but itself.
local Set = TaskSet:extend("Set") --@class
Set:task("again", Set)
User:extend("U", { tasks = { Set } })
