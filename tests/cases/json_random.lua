-- Values made at random survive the way to JSON and back, and over the network, exactly.
-- server: hostile
local U = HttpUser:extend("U", {})

local state = 7
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n + 1
end

local integers = { 0, 1, -1, 2 ^ 53 // 1 | 0, (2 ^ 53 // 1 | 0) + 1, math.maxinteger, math.mininteger, -9007199254740993 }
local floats = { 0.0, -0.0, 0.1, 1 / 3, 1e308, 5e-324, -2.5, 2.0 ^ 63, 1e22, 123456.789 }
local texts = { "", "a", "ü", "😀", "\0", "\"\\/\b\f\n\r\t", "\u{2028}\u{7f}", ("long "):rep(20), "null", "\u{fffd}" }

local function value(depth)
  local kind = random(depth > 0 and 9 or 6)
  if kind == 1 then return integers[random(#integers)] end
  if kind == 2 then return floats[random(#floats)] end
  if kind == 3 then return texts[random(#texts)] end
  if kind == 4 then return random(2) == 1 end
  if kind == 5 then return json.null end
  if kind == 6 then return random(30000) * random(30000) * random(30000) - 2 ^ 40 // 1 | 0 end
  local made = {}
  if kind == 7 then
    for i = 1, random(5) - 1 do made[i] = value(depth - 1) end
    return json.array(made)
  end
  for _ = 1, random(5) - 1 do made[texts[random(#texts)]] = value(depth - 1) end
  return made
end

local function same(a, b)
  if type(a) ~= type(b) or math.type(a) ~= math.type(b) then return false end
  if type(a) ~= "table" then return a == b and tostring(a) == tostring(b) end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

U:task("work", function(self)
  for i = 1, 400 do
    local made = value(4)
    local text = json.encode(made)
    local back = json.decode(text)
    if not same(made, back) then print("changed: " .. text .. " to " .. json.encode(back)) end
    if not same(back, json.decode(json.encode(back))) then print("changed the second time: " .. text) end
    -- Empty lists and empty objects stay what they are.
    if #json.encode(back) ~= #text then print("another length: " .. text .. " and " .. json.encode(back)) end
    if i % 40 == 0 then
      local echoed = self.client:post("/echo", { json = made }):json("body")
      if not same(made, json.decode(echoed)) then print("changed on the way: " .. text) end
    end
  end
end)
