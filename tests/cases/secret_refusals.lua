-- server: none
-- What secret refuses.
local function refused(...) print((select(2, pcall(secret, ...)):gsub("^[%w_/]+%.lua:%d+: ", ""))) end
refused("E2E_NO_SUCH_SECRET")
refused("../passwd")
refused(".hidden")
refused("")
refused()
refused(5)
local U = User:extend("U", {})
U:task("work", function() refused("E2E_NO_SUCH_SECRET") end)
