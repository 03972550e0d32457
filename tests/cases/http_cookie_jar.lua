-- server: hostile
-- `client.cookies`: the cookies that requests send, read and set by the script.
local U = HttpUser:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
local function shown(all)
  local list = {}
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  table.sort(list)
  return "{" .. table.concat(list, " ") .. "}"
end
U:task("work", function(self)
  local cookies = self.client.cookies
  local function sent(path) return tostring(self.client:get(path or "/echo", { name = "echo" }):json().headers.cookie) end
  print(tostring(cookies:get("a")) .. " " .. shown(cookies:all()))
  self.client:get("/cookies/set?server=1")
  cookies:set("a", "b")
  cookies:set("number", 5)
  cookies:set("deep", "d", { path = "/echo/deep" })
  print(cookies:get("server") .. " " .. cookies:get("a") .. " " .. shown(cookies:all()) .. " " .. sent())
  print(shown(cookies:all("/echo/deep/er")) .. " " .. shown(cookies:all(env.HOSTILE .. "/echo/deep")))
  cookies:set("safe", "s", { url = "https://example.com/", secure = true })
  cookies:set("other", "o", { url = "http://example.com/x", domain = "example.com", http_only = true })
  print(shown(cookies:all()) .. " " .. shown(cookies:all("http://www.example.com/")) .. " " .. shown(cookies:all("https://example.com/")) .. " " .. shown(cookies:all("http://example.com/")) .. " " .. shown(cookies:all("http://example.org/")))
  cookies:set("a", "gone", { max_age = 0 })
  cookies:delete("number")
  cookies:delete("nobody")
  print(shown(http.cookies:all()) .. " " .. sent())
  cookies:clear("http://example.com/")
  print(shown(cookies:all("http://example.com/")) .. " " .. cookies:get("deep", "/echo/deep"))
  cookies:clear()
  print(sent() .. " " .. shown(cookies:all("/echo/deep")))
  try(function() cookies:set("a=b", "c") end) --@name
  try(function() cookies:set("a", "b; Path=/") end) --@value
  try(function() cookies:set("a", {}) end) --@table
  try(function() cookies:set("a", "b", { url = "http://example.com/", domain = "example.org" }) end) --@domain
  try(function() cookies:set("a", "b", { path = "deep" }) end) --@path
  try(function() cookies:set("a", "b", { paht = "/" }) end) --@option
  try(function() cookies:set("a", "b", { max_age = "1h" }) end) --@age
  try(function() cookies:get() end) --@get
  try(function() cookies:all("http://") end) --@url
  try(function() cookies.get("a") end) --@dot
end)
