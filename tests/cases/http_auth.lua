-- server: hostile
-- Basic credentials, by option and in the URL.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local function sent(path, options) return tostring(self.client:get(path, options):json().headers.authorization) end
  print(sent("/echo", { auth = { "user", "pass" } }))
  print(sent("/echo", { auth = { "Aladdin", "open sesame" } }))
  print(sent("/echo", { auth = { "user", "" } }))
  print(sent("/echo"))
  local host = env.HOSTILE:gsub("http://", "http://user:pass@")
  print(sent(host .. "/echo"))
  for _, wrong in ipairs { { "user" }, { "a", "b", "c" }, { user = "a", password = "b" }, { 1, 2 } } do
    print(select(2, pcall(sent, "/echo", { auth = wrong })))
  end
  print(select(2, pcall(sent, "/echo", { auth = "user:pass" })))
end)
