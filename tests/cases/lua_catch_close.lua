-- server: hostile
-- catch_response with <close>: the verdict is the script's; what it left open is settled as usual.
local U = HttpUser:extend("U", {})
local function get(self, status, name)
  return self.client:get("/status/" .. status, { name = name, catch_response = true })
end
U:task("work", function(self)
  do
    local response <close> = get(self, 404, "404 is fine here")
    if response.status_code == 404 then response:success() end
  end
  do
    local response <close> = get(self, 200, "200 is not enough")
    response:failure("too few: " .. response:json("status"))
  end
  do local response <close> = get(self, 200, "left open, good") end
  do local response <close> = get(self, 500, "left open, bad") end
  do
    local response <close> = get(self, 500, "ignored")
    response:ignore()
  end
  local ok, message = pcall(function()
    local response <close> = get(self, 200, "an error while it is open")
    error("in between") --@between
  end)
  print(tostring(ok) .. " " .. message)
  local response <close> = get(self, 200, "returned from")
  response:failure(404)
  return
end)
