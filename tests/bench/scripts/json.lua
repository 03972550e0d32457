local measure = require("bodies")
local Json = HttpUser:extend("Json")

Json:task("json", function() measure(time.monotonic, print, json.encode, json.decode) end)
