-- flags: -u 1 -i 1
-- server: none
-- Invented values have the form that they say, and stay within what was asked for.
local U = User:extend("U", {})

local function shape(name, pattern, ...)
  for _ = 1, 50 do
    local value = fake[name](...)
    if type(value) ~= "string" or not value:find("^" .. pattern .. "$") then
      return log.error(name .. ": " .. tostring(value))
    end
  end
end

U:task("work", function()
  shape("name", "%u[%a']+ %u[%a']+")
  shape("email", "[%a'_]+@example%.%l+")
  shape("user_name", "[%w%._']+")
  shape("password", ("%w"):rep(12))
  shape("password", ("%w"):rep(3), 3)
  shape("word", "%l+")
  shape("words", "%l+ %l+ %l+ %l+", 4)
  shape("sentence", "%l+ %l+.*%.")
  shape("paragraph", "%l+ .*%.", 2)
  shape("ipv4", "%d+%.%d+%.%d+%.%d+")
  shape("date", "%d%d%d%d%-%d%d%-%d%d")
  shape("date", "2024%-02%-2[89]", "2024-02-28", "2024-02-29")
  shape("uuid", "%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+")
  shape("digits", "%d%d%d%d", 4)
  shape("country_code", "%u%u")
  shape("mac_address", "%x%x:%x%x:%x%x:%x%x:%x%x:%x%x")
  for _, name in ipairs { "first_name", "last_name", "phone_number", "job", "company", "catch_phrase", "industry",
    "street_name", "street_address", "postcode", "city", "state", "country", "time_zone", "currency_code", "ipv6",
    "user_agent" } do
    shape(name, ".+")
  end
  local seen = {}
  for _ = 1, 200 do
    local whole, float = fake.int(-1, 1), fake.float(2, 3)
    assert(math.type(whole) == "integer" and -1 <= whole and whole <= 1)
    assert(2 <= float and float <= 3)
    seen[whole], seen[fake.bool()], seen[fake.pick { "a", "b" }] = true, true, true
  end
  print(seen[-1], seen[0], seen[1], seen[2], seen[true], seen[false], seen.a, seen.b, seen.c)
  print(fake.int(math.mininteger, math.maxinteger) == fake.int(math.mininteger, math.maxinteger), fake.bool(0), fake.bool(1))
  print(fake.pick { { id = 7 } }.id, fake.int(3.0, 3))
  for _, wrong in ipairs {
    function() fake.int(2, 1) end, function() fake.int(1.5, 2) end, function() fake.int(1) end, function() fake.float(0 / 0, 1) end,
    function() fake.pick {} end, function() fake.pick("ab") end, function() fake.words(0) end, function() fake.words(1e6) end,
    function() fake.bool(2) end, function() fake.date("yesterday") end, function() fake.date("2024-02-02", "2024-02-01") end,
    function() fake.emial() end,
  } do
    print((select(2, pcall(wrong)):gsub("^[%w_/]+%.lua:%d+: ", "")))
  end
end)
