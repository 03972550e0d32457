-- flags: -u 1 -i 800
-- A task is chosen as often as its weight says; one of weight 0 never.
local ran = { one = 0, three = 0, four = 0, none = 0 }
local function count(what) return function(self) ran[what] = ran[what] + 1 end end
local U = User:extend("U", {})
U:task("one", count("one"))
U:task("three", 3, count("three"))
U:task("four", { weight = 4 }, count("four"))
U:task("none", 0, count("none"))

function U:on_stop()
  print("one " .. tostring(math.abs(ran.one - 100) < 50))
  print("three " .. tostring(math.abs(ran.three - 300) < 75))
  print("four " .. tostring(math.abs(ran.four - 400) < 75))
  print("none " .. ran.none)
end
