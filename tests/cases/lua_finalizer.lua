-- A class with a finalizer: its instances would have one, which nothing could stop.
local U = User:extend("U", { __gc = function() while true do end end }) --@class
U:task("work", function(self) end)
