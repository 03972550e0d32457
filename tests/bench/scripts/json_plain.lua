-- The same under lua5.4 with lua-cjson.
local cjson = require("cjson")
require("bodies")(os.clock, print, cjson.encode, cjson.decode)
