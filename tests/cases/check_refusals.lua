-- What check refuses.
local U = User:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  try(function() check() end) --@nothing
  try(function() check("name") end) --@no_condition
  try(function() check(5, 6) end) --@number
  try(function() check(nil, { ["a text"] = "yes" }) end) --@text
  try(function() check(nil, { [{}] = true }) end) --@name
  try(function() check(nil, { function() return true end }) end) --@list
end)
