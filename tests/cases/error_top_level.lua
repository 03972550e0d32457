-- An error while the script is loaded ends the run before it begins.
local function prepare()
  local settings = nil
  return settings.size --@raises
end
local size = prepare() + 1 --@calls
local U = HttpUser:extend("U", {})
U:task("work", function(self) end)
