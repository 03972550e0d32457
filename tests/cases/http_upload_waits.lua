-- flags: -u 1 -i 1
-- server: hostile
-- The timeout holds for the function that gives the body, too; nothing that the function does can outlast it.
local U = HttpUser:extend("U", {})
local function show(response, began)
  print(response.status_code .. " " .. response.error.kind .. " " .. response.error.text)
  print(tostring(time.monotonic() - began < 3))
end
U:task("work", function(self)
  local began = time.monotonic()
  local given = 0
  show(self.client:post("/echo", { name = "sleeps", timeout = 0.05, data = function()
    given = given + 1
    if given > 2 then sleep(5) end
    return "x"
  end }), began)
  print(given)
  began = time.monotonic()
  show(self.client:post("/echo", { name = "asks", timeout = 0.05, data = function()
    pcall(function() self.client:get("/stall", { name = "inner" }) end)
    print("never")
  end }), began)
  began = time.monotonic()
  show(self.client:post("/echo", { name = "spins", timeout = 0.05, data = function()
    while true do end
  end }), began)
  -- All goes on.
  local n = 0
  local response = self.client:post("/echo", { name = "fine", data = function()
    n = n + 1
    sleep(0.001)
    return n <= 2 and "x" or nil
  end })
  print(response:json().body)
end)
