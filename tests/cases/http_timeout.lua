-- server: hostile
-- A request that takes longer than its timeout fails; it does not raise.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local before = time.monotonic()
  local response = self.client:get("/stall", { timeout = 0.05 })
  print(response.status_code .. " " .. response.error.kind .. " " .. response.error.text)
  local took = time.monotonic() - before
  print(tostring(took >= 0.05 and took < 1))
  print(self.client:get("/slow?ms=1", { timeout = 5 }).status_code)
  print(select(2, pcall(self.client.get, self.client, "/x", { timeout = 0 })))
  print(select(2, pcall(self.client.get, self.client, "/x", { timeout = -1 })))
  print(select(2, pcall(self.client.get, self.client, "/x", { timeout = "1s" })))
  print(select(2, pcall(self.client.get, self.client, "/x", { timeout = 0 / 0 })))
  print(select(2, pcall(self.client.get, self.client, "/x", { timeout = 1 / 0 })))
end)
