-- Coroutines of the script's own.
local U = User:extend("U", {})
U:task("work", function(self)
  local co = coroutine.create(function(a, b)
    print("started", a, b)
    local c = coroutine.yield(a + b)
    print("resumed", c)
    local d, e = coroutine.yield(c * 2)
    return d, e, "done"
  end)
  print(coroutine.status(co))
  print(coroutine.resume(co, 1, 2))
  print(coroutine.status(co))
  print(coroutine.resume(co, 10))
  print(coroutine.resume(co, "d", "e"))
  print(coroutine.status(co))
  print(coroutine.resume(co))

  local next_square = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
  print(next_square(), next_square(), next_square(), next_square())
  print(pcall(next_square))

  local failing = coroutine.create(function() error("oops", 0) end)
  print(coroutine.resume(failing))
  print(coroutine.status(failing))
  print((select(2, pcall(coroutine.wrap(function() error({ code = 1 }) end)))).code)
  print(pcall(coroutine.wrap(function() error("placed") end)))

  print(coroutine.isyieldable())
  print(coroutine.resume(coroutine.create(function() return coroutine.isyieldable(), coroutine.running() ~= nil end)))
  print(select(2, coroutine.running()))
  print(pcall(coroutine.yield, 1))

  -- Yield across pcall, metamethods, iterators and close variables.
  local across = coroutine.wrap(function()
    local ok, value = pcall(function()
      local got = coroutine.yield("in pcall")
      error(got, 0)
    end)
    coroutine.yield(tostring(ok) .. " " .. value)
    local t = setmetatable({}, { __index = function(_, k) return coroutine.yield("index " .. k) end })
    coroutine.yield("got " .. t.key)
    for v in function() return coroutine.yield("iterate") end do coroutine.yield("item " .. v) end
    local closing <close> = setmetatable({}, { __close = function() coroutine.yield("closing") end })
    return "end"
  end)
  print(across())
  print(across("thrown"))
  print(across())
  print(across("value"))
  print(across())
  print(across("x"))
  print(across())
  print(across(nil))
  print(across())

  local closed = {}
  local open = coroutine.create(function()
    local guard <close> = setmetatable({}, { __close = function() closed[#closed + 1] = "closed" end })
    coroutine.yield()
  end)
  coroutine.resume(open)
  print(coroutine.close(open), coroutine.status(open), closed[1])
  local bad = coroutine.create(function()
    local guard <close> = setmetatable({}, { __close = function() error("in close", 0) end })
    coroutine.yield()
  end)
  coroutine.resume(bad)
  print(coroutine.close(bad))
  print(coroutine.close(coroutine.create(print)))
  print(pcall(coroutine.close, coroutine.running()))
  print(pcall(function() coroutine.resume(5) end))
  print(pcall(function() coroutine.create() end))
  print(coroutine.resume(coroutine.running()))
  local outer
  outer = coroutine.wrap(function() return pcall(outer) end)
  print(outer())

  -- Producer and filter.
  local function producer() return coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i) end end) end
  local function filter(source) return coroutine.wrap(function() for v in source do if v % 2 == 1 then coroutine.yield(v) end end end) end
  local odd = {}
  for v in filter(producer()) do odd[#odd + 1] = v end
  print(table.concat(odd, " "))

  -- sort and gsub call back.
  print(pcall(coroutine.wrap(function() table.sort({ 3, 1, 2 }, function(a, b) coroutine.yield() return a < b end) end)))
  print(table.unpack((function() local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return t end)()))
end)
