-- What the wait functions refuse.
local function refused(f)
  local _, message = pcall(f)
  return message
end
local messages = {
  refused(function() return between(2, 1) end), --@order
  refused(function() return between(1) end), --@one
  refused(function() return between("1", "2") end), --@text
  refused(function() return constant(-1) end), --@negative
  refused(function() return constant(0 / 0) end), --@nan
  refused(function() return constant(1 / 0) end), --@infinite
  refused(function() return constant_throughput(0) end), --@zero
  refused(function() return poisson() end), --@missing
  refused(function() return constant_pacing({}) end), --@table
}
local U = User:extend("U", {})
U:task("work", function(self)
  for _, message in ipairs(messages) do print(message) end
end)
