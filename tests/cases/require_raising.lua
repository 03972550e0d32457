-- A module whose top level raises: the error and the trace begin in it.
local raising = require("modules.raising") --@require
local U = User:extend("U", {})
U:task("work", function(self) end)
