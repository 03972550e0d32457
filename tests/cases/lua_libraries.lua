-- string (without patterns), table, math and utf8.
local U = User:extend("U", {})
U:task("work", function(self)
  print(("abc"):byte(1, -1), ("abc"):byte(10), string.char(72, 105), ("abc"):sub(2), ("abc"):sub(-2, -2), ("abc"):sub(0, 10), ("abc"):sub(3, 1))
  print(("ab"):rep(3, "-"), ("x"):rep(0), ("x"):rep(-1), (""):rep(5), ("abc"):reverse(), ("aBc"):upper(), ("aBc"):lower(), ("abc"):len())
  print(("%d %5d %-5d| %05d %+d %x %X %o"):format(42, 42, 42, 42, 42, 255, 255, 8))
  print(("%g %.3f %e %10.2f| %a"):format(0.1, 1 / 3, 12345.678, 3.14159, 1.0))
  print(("%s %10s|%-10s|%.2s %q %c %i %%"):format("text", "right", "left", "cut", 'a "quoted"\n\0', 65, 3.0))
  print(("%q %q %q"):format(1, 0.1, math.mininteger))
  print(("%s %s %s"):format(nil, true, setmetatable({}, { __tostring = function() return "own" end })))
  print(pcall(function() string.format("%d", 1.5) end))
  print(pcall(function() string.format("%d", "x") end))
  print(pcall(function() string.format("%y", 1) end))
  print(pcall(function() string.format("%") end))
  print(pcall(function() string.format("%s") end))
  print(pcall(function() string.char(256) end))
  print(string.pack("<i4", 100):byte(1, -1))
  print(string.unpack("<i4", "\100\0\0\0"))
  print(string.packsize("<i4i8"), string.unpack("z", "text\0rest"), string.unpack("s1", "\3abc"))
  print("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" < "a")

  local t = { 1, 2, 3 }
  table.insert(t, 4)
  table.insert(t, 1, 0)
  print(table.concat(t, ","), table.remove(t), table.remove(t, 1), table.concat(t, ","), table.remove({}), #t)
  print(table.concat({}, ","), table.concat({ 1, 2.5, "x" }, "-", 2, 3), table.unpack({ 1, 2, 3 }, -1, 1))
  print(pcall(function() table.move(5, 1, 2, 3) end))
  print(pcall(function() table.move({}, 1, "x", 3) end))
  print(table.concat(table.move({ 1, 2, 3 }, 2, 3, 1), ","), table.concat(table.move({ 1, 2, 3 }, 1, 3, 3), ","), table.concat(table.move({ 1, 2 }, 1, 2, 1, {}), ","))
  print(pcall(function() table.insert({ 1 }, 5, 2) end))
  print(pcall(function() table.insert({ 1 }) end))
  print(pcall(function() table.concat({ {} }) end))
  print(pcall(function() table.unpack({}, 1, 1e8) end))
  local words = { "banana", "apple", "Cherry", "date" }
  table.sort(words)
  print(table.concat(words, " "))
  table.sort(words, function(a, b) return #a > #b or #a == #b and a < b end)
  print(table.concat(words, " "))
  print(pcall(function() table.sort({ 1, "a", 2 }) end))
  print(pcall(table.sort, { 3, 1, 2, 4, 5 }, function() return true end) or "an order that is none")
  local big = {}
  for i = 1, 1000 do big[i] = (i * 7919) % 1000 end
  table.sort(big)
  local sorted = true
  for i = 2, 1000 do sorted = sorted and big[i - 1] <= big[i] end
  print(sorted)

  print(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.floor(5), math.abs(-3), math.max(1, 5, 3), math.min(2.5, 1))
  print(math.fmod(7, 3), math.fmod(-7, 3), math.modf(3.7), math.modf(-3.7), math.sqrt(16), math.pi)
  print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.ult(1, -1), math.huge, -math.huge)
  print(math.exp(0), math.log(8, 2), math.log(100, 10), math.sin(0), math.cos(0), math.maxinteger, math.mininteger)
  print(pcall(function() math.floor("x") end))
  print(pcall(function() math.fmod(1, 0) end))
  print(pcall(function() math.random(0, -1) end))
  local within = true
  for _ = 1, 100 do
    local r, d, h = math.random(), math.random(6), math.random(-5, 5)
    within = within and r >= 0 and r < 1 and d >= 1 and d <= 6 and h >= -5 and h <= 5
  end
  print(within, math.type(math.random(1, 10)))

  print(utf8.char(228, 8364, 128512), utf8.len("äöü"), utf8.len("\xff"), utf8.codepoint("äöü", 1, -1))
  print(utf8.offset("äöü", 3), utf8.len("äöü", 3), #utf8.charpattern)
  for place, code in utf8.codes("aä") do print(place, code) end
  print(pcall(function() utf8.codepoint("\xff") end))
  print(tostring(nil), tostring(true), tostring(12), tostring(-0.0), tostring("x"), type(nil), type(print), type({}))
  print(rawequal("a", "a"), rawlen("abc"), rawget({ 5 }, 1), next({}, nil), #{ n = 1 })
  for i, v in ipairs({ 1, 2, nil, 4 }) do print(i, v) end
end)
