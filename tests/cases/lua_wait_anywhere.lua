-- Requests and sleeps work wherever script code runs: in sort, gsub, metamethods, coroutines, iterators.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local function ask(value)
    local response = self.client:get("/ready", { name = "ask" })
    sleep(0.001)
    return response.ok and value
  end
  local list = { 3, 1, 2 }
  table.sort(list, function(a, b) return ask(a < b) end)
  print("sort " .. table.concat(list, " "))
  print("gsub " .. (("abc"):gsub("%w", function(c) return ask(c:upper()) end)))
  local lazy = setmetatable({}, { __index = function(_, key) return ask(key .. "!") end, __lt = function() return ask(true) end })
  print("index " .. lazy.key .. " " .. tostring(lazy < lazy))
  local words = coroutine.wrap(function() for word in ("one two"):gmatch("%a+") do coroutine.yield(ask(word)) end end)
  print("coroutine " .. words() .. " " .. words())
  for value in function(_, last) return not last and ask("iterator") or nil end do print(value) end
  print("pcall " .. tostring(select(2, pcall(ask, "inside"))))
  do local closing <close> = setmetatable({}, { __close = function() print("close " .. ask("here")) end }) end
  print("xpcall " .. select(2, xpcall(error, function(e) return ask(e) end, "handled", 0)))
  print("tostring " .. tostring(setmetatable({}, { __tostring = function() return ask("text") end })))
  print("pairs " .. (function() for _, v in pairs(setmetatable({}, { __pairs = function() return ask(next), { 5 } end })) do return v end end)())
  local other = coroutine.wrap(function()
    local inner = coroutine.wrap(function() coroutine.yield(ask("deep")) end)
    coroutine.yield(inner())
  end)
  print("nested " .. other())
  check(self, { ["in a check"] = function() return ask(true) end })
end)
