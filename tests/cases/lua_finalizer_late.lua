-- The same, given only to users, not to the run that reads the classes.
local U = User:extend("U", {})
if vu.id > 0 then function U:__gc() while true do end end end
U:task("work", function(self) print("never") end)
