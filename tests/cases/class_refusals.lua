-- What extend and task refuse, with their places.
local function try(what, f)
  local ok, message = pcall(f)
  print(what .. ": " .. tostring(ok) .. " " .. tostring(message))
end

local U = User:extend("U", {})
local printed = false
U:task("work", function(self)
  try("at run time", function() User:extend("Late", {}) end) --@late
end)

function U:on_start()
  for _, line in ipairs(U.refused) do print(line) end
end

U.refused = {}
local function refuse(f)
  local _, message = pcall(f)
  U.refused[#U.refused + 1] = message
end
refuse(function() User:extend("U", {}) end) --@twice
refuse(function() User:extend("HttpUser", {}) end) --@base
refuse(function() User:extend({}) end) --@nameless
refuse(function() User.extend("X") end) --@dot
refuse(function() User:extend("X", 5) end) --@attributes
refuse(function() U:task("x") end) --@no_function
refuse(function() U:task(function() end) end) --@no_name
refuse(function() U:task("x", "heavy", function() end) end) --@weight
refuse(function() U:task("x", { wieght = 2 }, function() end) end) --@option
refuse(function() HttpUser:task("x", function() end) end) --@on_base
