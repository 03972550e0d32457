-- The language itself: what a script may rely on.
local U = User:extend("U", {})
U:task("work", function(self)
  -- Numbers.
  print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 / 2, 2 ^ 10, 7.5 // 2, 1e15, 2 ^ 53)
  print(9223372036854775807 + 1 == math.mininteger, 1 << 63, 1 << 64, -1 >> 1, 5 & 3, 5 | 3, 5 ~ 3, ~0)
  print(1 == 1.0, math.type(1), math.type(1.0), 10 // 0.0, -10 // 0.0, 0x7fffffffffffffff, 0xA.8p0)
  print("10" + 5, "0x10" + 0, "1e1" * 1, 10 .. 20)
  print(tostring(1e100), 0.1, 1 / 3, 100 // 1e300, 2 ^ 63 == math.maxinteger + 1.0)
  print(tonumber("  12  "), tonumber("z", 36), tonumber("12a"), tonumber("1e"), tonumber(""), tonumber("0x"), tonumber("10", 2))
  print(pcall(function() return 1 // 0 end))
  print(pcall(function() return 1 % 0 end))
  print(pcall(function() return 1 < "2" end))
  print(pcall(function() return {} .. "x" end))
  print(pcall(function() return #5 end))
  print(pcall(function() return 1.5 | 1 end))
  print(pcall(function() return "a" + 1 end))
  print(pcall(function() local t = nil; return t.x end))
  print(pcall(function() local t = {}; t.x.y = 1 end))
  print(pcall(function() undefined_function() end))
  print(pcall(function() local t = {}; t[nil] = 1 end))
  print(pcall(function() local t = {}; t[0 / 0] = 1 end))
  print(pcall(function() for i = 1, 10, 0 do end end))
  print(pcall(function() for i = "a", 10 do end end))

  -- Control: goto, numeric and generic loops, integer loops at the limits.
  local found = {}
  for i = 1, 3 do
    for j = 1, 3 do
      if j == 2 then goto continue end
      found[#found + 1] = i .. j
      ::continue::
    end
  end
  print(table.concat(found, " "))
  local n = 0
  for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
  for i = 1, 0 do n = 100 end
  for i = 3, 1, -1 do n = n + 1 end
  print(n)
  do local i = 0; repeat local done = i >= 3; i = i + 1 until done; print(i) end

  -- Closures and upvalues: one variable a round.
  local functions = {}
  for i = 1, 3 do functions[i] = function() i = i + 10; return i end end
  print(functions[1](), functions[1](), functions[2](), functions[3]())
  local function counter()
    local count = 0
    return function() count = count + 1; return count end, function() return count end
  end
  local add, get = counter()
  add(); add()
  print(get())

  -- Variable arguments.
  local function count(...) return select("#", ...), ... end
  print(count(), count(nil), (count(1, nil, nil)))
  print(select(-1, 1, 2, 3), select(2, "a", "b", "c"))
  print(pcall(function() select(0) end))
  local packed = table.pack(1, nil, 3)
  print(packed.n, table.unpack({ 1, 2, 3 }, 2), table.unpack({}, 1, 2))

  -- Attributes of locals.
  local order = {}
  do
    local first <close> = setmetatable({}, { __close = function() order[#order + 1] = "first" end })
    local second <close> = setmetatable({}, { __close = function(_, e) order[#order + 1] = "second " .. tostring(e) end })
    local constant <const> = 5
    order[#order + 1] = "body " .. constant
  end
  print(table.concat(order, ", "))
  order = {}
  print(pcall(function()
    local guard <close> = setmetatable({}, { __close = function(_, e) order[1] = "closed with " .. e end })
    error("an error", 0)
  end))
  print(order[1])
  print(pcall(function() local x <close> = 5 end))

  -- Metatables.
  local Vector = {}
  Vector.__index = Vector
  Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Vector) end
  Vector.__eq = function(a, b) return a.x == b.x end
  Vector.__lt = function(a, b) return a.x < b.x end
  Vector.__le = function(a, b) return a.x <= b.x end
  Vector.__tostring = function(v) return "(" .. v.x .. ")" end
  Vector.__len = function(v) return v.x end
  Vector.__call = function(v, n) return v.x * n end
  Vector.__concat = function(a, b) return tostring(a) .. tostring(b) end
  Vector.__unm = function(v) return setmetatable({ x = -v.x }, Vector) end
  Vector.__name = "Vector"
  local a, b = setmetatable({ x = 1 }, Vector), setmetatable({ x = 2 }, Vector)
  print(tostring(a + b), a == b, a < b, a <= b, #b, b(21), a .. b, a .. "!", tostring(-a), rawequal(a, a), rawlen({ 1, 2 }))
  local defaults = setmetatable({}, { __index = { colour = "red" }, __newindex = function(t, k, v) rawset(t, k, v .. "!") end })
  defaults.size = "big"
  print(defaults.colour, defaults.size, rawget(defaults, "colour"))
  print(pcall(function() return a.x.y.z end))
  print(pcall(function() return a < 5 end))
  print(getmetatable("x").__index == string, getmetatable(setmetatable({}, { __metatable = "locked" })))
  print(pcall(setmetatable, setmetatable({}, { __metatable = "locked" }), {}))
  local order_seen = {}
  for k, v in pairs(setmetatable({}, { __pairs = function() return function(_, k) if not k then return 1, "one" end end, nil, nil end })) do
    order_seen[#order_seen + 1] = k .. v
  end
  print(table.concat(order_seen))
  print(next({}), next({ 5 }), type(next), #"text", not nil)

  -- Integer and text keys, holes at the border, multiple assignment.
  local t = { [1] = "a", [2.0] = "b", ["3"] = "c" }
  print(t[1.0], t[2], t[3], #t)
  local x, y, z = (function() return 1, 2, 3 end)()
  x, y = y, x
  print(x, y, z)
  local i = 1
  local list = {}
  i, list[i] = i + 1, 20
  print(i, list[1], list[2])
  print([[
long
text]], "\65\x42\u{43}\z
         continued", '\'', "a\
b")
end)
