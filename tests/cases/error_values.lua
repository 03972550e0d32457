-- flags: -u 1 -i 12
-- Whatever is thrown is counted with a text.
local U = User:extend("U", {})
local thrown = {
  function() error({ code = 5 }) end,
  function() error({ "list", 2 }) end,
  function() error(nil) end,
  function() error() end,
  function() error(42) end,
  function() error(true) end,
  function() error("text", 0) end,
  function() error("text", 0) end,
  function() error(setmetatable({}, { __tostring = function() return "its own text" end })) end,
  function() error(print) end,
  function() error(setmetatable({}, { __tostring = function() error("no text", 0) end })) end,
  function() error("several\nlines", 0) end,
}
U:task("work", function(self) thrown[vu.iteration]() end)
