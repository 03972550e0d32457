local measure = require("loops")
local Compute = HttpUser:extend("Compute")

Compute:task("compute", function() measure(time.monotonic, print) end)
