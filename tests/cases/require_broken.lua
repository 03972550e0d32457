-- A module with a syntax error: the error is where it is.
local broken = require("modules.broken")
local U = User:extend("U", {})
U:task("work", function(self) end)
