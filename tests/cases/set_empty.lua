-- A set without tasks, where it is used.
local Base = TaskSet:extend("Base")
local Empty = TaskSet:extend("Empty") --@class
User:extend("U", { tasks = { Base:extend("Full", { tasks = { Empty } }) } })
