-- A missing module, required at the top level.
local shared = require("modules.sharde") --@require
local U = User:extend("U", {})
U:task("work", function(self) end)
