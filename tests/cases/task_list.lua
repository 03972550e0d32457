-- flags: -u 1 -i 900
-- Tasks as a list: functions, { target =, weight =, name =, tags = } and { function, weight }.
local ran = { plain = 0, heavy = 0, pair = 0, named = 0, added = 0 }
local function count(what) return function(self) ran[what] = ran[what] + 1 end end

local U = User:extend("U", {
  tasks = {
    count("plain"),
    { target = count("heavy"), weight = 4 },
    { count("pair"), 2 },
    { target = count("named"), name = "a name", weight = 1, tags = { "some" } },
  },
})
U:task("added", count("added"))

-- Nine parts in all, 900 iterations: about 100 a part.
local function about(what, parts)
  local share = ran[what] / 100
  return what .. " ran " .. (math.abs(share - parts) < 0.5 and "as" or "not as") .. " often as it should"
end

function U:on_stop()
  print(about("plain", 1))
  print(about("heavy", 4))
  print(about("pair", 2))
  print(about("named", 1))
  print(about("added", 1))
end
