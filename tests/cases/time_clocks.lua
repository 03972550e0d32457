-- Clocks, and waiting.
local U = User:extend("U", {})
U:task("work", function(self)
  print(math.type(time.now()) .. " " .. tostring(time.now() > 1700000000 and time.now() < 1e11))
  local before = time.monotonic()
  sleep(0.02)
  local took = time.monotonic() - before
  print(tostring(took >= 0.02 and took < 1) .. " " .. tostring(before >= 0 and before < 60))
  print(time.iso(0))
  print(time.iso(1.5))
  print(time.iso(1700000000.1234))
  print(time.iso(-1))
  print(time.iso(951782400))
  print(tostring(time.iso():match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$") ~= nil))
  print(tostring(math.abs(time.now() - os_free_parse(time.iso())) < 5))
  sleep(0)
  for _, wrong in ipairs { -1, 0 / 0, 1 / 0, "1", false, 1e12 } do
    print(select(2, pcall(sleep, wrong)))
  end
  print(select(2, pcall(sleep)))
  print(select(2, pcall(time.iso, "now")))
  print(select(2, pcall(time.iso, 1e300)))
end)

-- Seconds since 1970 of an ISO text, by the civil calendar.
function os_free_parse(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):([%d.]+)Z$")
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if month <= 2 then year = year - 1 end
  local era = year // 400
  local of_era = year - era * 400
  local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  local days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
  return ((days * 24 + tonumber(hour)) * 60 + tonumber(minute)) * 60 + tonumber(second)
end
