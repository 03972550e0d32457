-- server: hostile
-- Bearer tokens and digest authentication.
local U = HttpUser:extend("U", {})
local function try(self, auth)
  local ok, message = pcall(function() return self.client:get("/echo", { auth = auth }) end)
  print(tostring(ok) .. " " .. tostring(message):gsub("^[^:]*:%d+: ", ""))
end
U:task("work", function(self)
  local client = self.client
  print(client:get("/echo", { auth = { bearer = "abc.def" } }):json().headers.authorization)
  print(client:get("/echo", { auth = { basic = { "Aladdin", "open sesame" } } }):json().headers.authorization)
  print(client:get("/digest").status_code)
  local response = client:get("/digest", { auth = { digest = { "user", "password" } }, name = "digest" })
  print(response.status_code .. " after " .. #response.history .. " redirects and " .. response.retries .. " retries")
  -- What the server asked for is remembered.
  local sent = client:get("/echo", { auth = { digest = { "user", "password" } } }):json().headers.authorization
  print((sent:gsub('cnonce="%x+"', "cnonce"):gsub('response="%x+"', "response")))
  try(self, {})
  try(self, { bearer = 5 })
  try(self, { digest = "user:password" })
  try(self, { digest = { "user" } })
  try(self, { bearer = "a", digest = { "b", "c" } })
  try(self, { baerer = "a" })
  response = client:get("/echo", { auth = { bearer = "a\nb" }, name = "no token" })
  print(response.error.kind .. ": " .. response.error.text)
end)
