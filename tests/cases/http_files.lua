-- server: hostile
-- Forms with files: RFC 7578, names as browsers write them.
local U = HttpUser:extend("U", {})
local function form(self, options)
  local echo = self.client:post("/echo", options):json()
  local boundary = echo.headers["content-type"]:match("^multipart/form%-data; boundary=(.+)$")
  check("the length is announced", tonumber(echo.headers["content-length"]) == #echo.body)
  local text = echo.body:gsub("%-%-" .. boundary:gsub("%-", "%%-"), "--B"):gsub("\r\n", "|")
  print(text)
end
local function try(self, options)
  local ok, message = pcall(function() return self.client:post("/x", options) end)
  print(tostring(ok) .. " " .. tostring(message):gsub("^[^:]*:%d+: ", ""))
end
U:task("work", function(self)
  form(self, { files = { upload = "content" } })
  form(self, {
    data = { b = { "1", 2 }, a = true },
    files = { doc = { content = "{}", filename = "d.json", content_type = "application/json" } },
  })
  form(self, { files = { list = { "one", { content = "two", filename = "2.txt" } } } })
  form(self, { files = { ['a"b\n'] = { content = "", filename = "ü\r.txt" } } })
  form(self, { files = { plain = { content = "no file", filename = "" } } })
  form(self, { files = { first = "1", words = { path = "data/words.txt", content_type = "text/plain" }, z = "2" } })
  form(self, { files = {} })
  try(self, { files = "x" })
  try(self, { files = { a = 5 } })
  try(self, { files = { a = {} } })
  try(self, { files = { a = { content = "x", path = "data/words.txt" } } })
  try(self, { files = { a = { contents = "x" } } })
  try(self, { files = { a = { path = "data/word.txt" } } })
  try(self, { files = { a = { path = "../cases.rs" } } })
  try(self, { files = { a = "x" }, data = "text" })
  try(self, { files = { a = "x" }, json = {} })
  try(self, { files = { a = { content = "x", content_type = "a\r\nb: c" } } })
end)
