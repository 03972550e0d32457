-- The same, given to a parent after it was made.
local Parent = User:extend("Parent", { abstract = true })
function Parent:__gc() while true do end end
local Child = Parent:extend("Child", {}) --@extend
Child:task("work", function(self) end)
