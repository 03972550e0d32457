-- flags: -u 1 -i 7
-- trace: yes
-- Tracebacks go through pcall, sort, gsub, metamethods and coroutines to where the error was raised.
local U = User:extend("U", {})
local function raise() error("here") end --@raise
local steps = {
  function() table.sort({ 2, 1 }, function() raise() return true end) end, --@sort
  false,
  function() return setmetatable({}, { __index = function() raise() end }).x end, --@index
  function() coroutine.wrap(function() raise() end)() end, --@coroutine
  function()
    local ok, message = pcall(raise)
    error(message, 0) --@again
  end,
  function() xpcall(raise, function(message) error("handler", 0) end) raise() end, --@xpcall
  function() local t <close> = setmetatable({}, { __close = function() raise() end }) end, --@close
}
steps[2] = function() local _ = ("x"):gsub("x", function() raise() end) end --@gsub_call
U:task("work", function(self)
  steps[vu.iteration]() --@task
end)
