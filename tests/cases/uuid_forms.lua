-- Identifiers: their form, and that no two are the same.
local U = User:extend("U", {})
local hex = ("[0-9a-f]"):rep(1)
local function digits(n) return hex:rep(n) end
U:task("work", function(self)
  local form = "^" .. digits(8) .. "%-" .. digits(4) .. "%-(" .. hex .. ")" .. digits(3) .. "%-([89ab])" .. digits(3) .. "%-" .. digits(12) .. "$"
  print("v4 is version " .. uuid.v4():match(form))
  print("v7 is version " .. uuid.v7():match(form))
  print("uuid() is version " .. uuid():match(form))
  print("hex " .. tostring(uuid.hex():match("^" .. digits(32) .. "$") ~= nil))
  local seen, count = {}, 0
  local last = ""
  local sorted = true
  for _ = 1, 500 do
    local id = uuid.v7()
    sorted = sorted and last < id
    last = id
    for _, value in ipairs { uuid(), uuid.v4(), id, uuid.hex() } do
      if not seen[value] then count = count + 1 end
      seen[value] = true
    end
  end
  print(count .. " different")
  print("v7 sorts: " .. tostring(sorted))
end)
