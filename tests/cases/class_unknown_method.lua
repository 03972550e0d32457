-- A method that no class has, while the script is loaded.
local U = HttpUser:extend("U", {})
U:tsk("work", function(self) end) --@raises
