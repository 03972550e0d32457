-- flags: -u 1 -i 9
-- `interrupt` goes through all that catches errors; what it passes on its way is closed, and may fail
-- on its own and be caught there.
local tried = {}

local function closing(what)
  return setmetatable({}, { __close = function()
    local ok, message = pcall(error, "caught while closing", 0)
    sleep(0.001)
    print("closed " .. what .. ", " .. tostring(ok) .. " " .. message)
  end })
end

local ways = {
  { "pcall", function(leave) pcall(leave) end },
  { "nested pcall", function(leave) pcall(pcall, pcall, leave) end },
  { "xpcall", function(leave) xpcall(leave, function() print("never a handler") end) end },
  { "coroutine.resume", function(leave) coroutine.resume(coroutine.create(leave)) end },
  { "coroutine.wrap", function(leave) pcall(coroutine.wrap(leave)) end },
  { "check", function(leave) pcall(check, 1, { ["never counted as passed"] = leave }) end },
  { "sort", function(leave) pcall(table.sort, { 1, 2, 3 }, leave) end },
  { "close", function(leave)
    local a <close> = closing("a")
    pcall(function()
      local b <close> = closing("b")
      leave()
    end)
  end },
}

local Set = TaskSet:extend("Set")
Set:task("leave", function(self)
  local way = ways[vu.iteration]
  if not way then return end
  print(way[1])
  way[2](function() self:interrupt() end)
  print("never printed after " .. way[1])
end)
function Set:on_stop() print("left " .. vu.iteration) end

local U = User:extend("U")
U:task("set", Set)
