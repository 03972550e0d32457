-- server: hostile
-- Bodies that are sent piece by piece, and compressed ones.
local U = HttpUser:extend("U", {})
local function chunks(...)
  local list, n = { ... }, 0
  return function()
    n = n + 1
    return list[n]
  end
end
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  local client = self.client
  local echo = client:post("/echo", { data = chunks("a", "bc", "def") }):json()
  print(echo.body .. ", " .. echo.headers["transfer-encoding"] .. ", " .. tostring(echo.headers["content-length"]))
  print("<" .. client:put("/echo", { data = function() end }):json().body .. ">")
  local sent = 0
  local slow = function()
    sleep(0.001)
    sent = sent + 1
    return sent <= 3 and ("x"):rep(70000) or nil
  end
  print(#client:put("/echo", { data = slow, headers = { ["Content-Type"] = "text/plain" } }):json().body)
  echo = client:put("/echo", { data_file = "data/words.txt" }):json()
  print(#echo.body .. ", " .. echo.headers["content-length"])
  -- What comes is sent on while it comes.
  local read, from = client:get("/drip?n=3", { stream = true }):chunks()
  local piped = client:put("/echo", { data = function() return read(from) end })
  print((piped:json().body:gsub("\n", ",")))
  print(client:put("/redirect-to?/echo", { data = chunks("once") }).request.method)

  for _, name in ipairs { "gzip", "deflate", "br", "zstd" } do
    local response = client:post("/echo", { data = ("compress me "):rep(100), compression = name })
    print(response:json().headers["content-encoding"] .. " " .. tostring(response.request.body_length < 100))
  end
  print(client:post("/echo", { json = { a = 1 }, compression = "gzip" }):json().headers["content-type"])

  try(function() client:post("/x", { data = chunks(5) }) end) --@chunk
  try(function() client:post("/x", { data = function() error("no more") end }) end) --@raised
  try(function() client:post("/x", { data = chunks("a"), json = {} }) end) --@two
  try(function() client:post("/x", { data_file = "data/none.txt" }) end) --@none
  try(function() client:post("/x", { data_file = "data" }) end) --@folder
  try(function() client:post("/x", { data_file = "data/words.txt", compression = "gzip" }) end) --@compressed
  try(function() client:post("/x", { data = "a", compression = "gzp" }) end) --@coding
  try(function() http.batch { { "POST", "/x", data = chunks("a") } } end) --@batch
  local response = client:post("/echo", { data = chunks("a"), headers = { ["Content-Length"] = "1" } })
  print(response.error.kind .. ": " .. response.error.text)
end)
