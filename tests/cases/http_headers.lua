-- server: hostile
-- headers: added to, or in place of, the usual ones.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local plain = self.client:get("/echo"):json().headers
  print("accept " .. plain.accept .. ", connection " .. tostring(plain.connection))
  print("agent is e2e: " .. tostring(plain["user-agent"]:sub(1, 4) == "e2e/"))
  local sent = self.client:get("/echo", { headers = {
    ["X-Text"] = "text",
    ["X-Number"] = 5,
    ["X-Flag"] = true,
    ["X-List"] = { "a", "b" },
    ["user-agent"] = "mine",
    Accept = "text/plain",
    Authorization = "Bearer token",
  } }):json().headers
  for _, name in ipairs { "x-text", "x-number", "x-flag", "x-list", "user-agent", "accept", "authorization" } do
    print(name .. ": " .. sent[name])
  end
  local typed = self.client:post("/echo", { json = { 1 }, headers = { ["Content-Type"] = "application/vnd.api+json" } })
  print(typed:json().headers["content-type"])
end)
