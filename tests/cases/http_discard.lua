-- server: hostile
-- Bodies that are counted and not kept, coded ones, and limits of size.
local U = HttpUser:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  local client = self.client
  local response = client:get("/bytes/100000", { discard_body = true, max_body = 10 })
  print(response.status_code .. " " .. response.size .. " " .. tostring(response.ok))
  try(function() return response.text end) --@text
  try(function() return response:json("a") end) --@json
  for _, name in ipairs { "gzip", "deflate", "br", "zstd" } do
    response = client:get("/encoded/" .. name)
    print(response.headers["Content-Encoding"] .. " " .. response.text:gsub("\n", "") .. " " .. response.size)
  end
  print(client:get("/encoded/gzip", { discard_body = true, name = "coded" }).size)
  for _, most in ipairs { 999, "999", "1KiB", "1kB" } do
    response = client:get("/bytes/1000", { max_body = most, name = "limited" })
    local kind = response.error and response.error.kind
    print(tostring(most) .. " " .. response.status_code .. " " .. tostring(kind) .. " " .. response.size)
  end
  response = client:get("/encoded/gzip", { max_body = 13, name = "too large as it comes" })
  print(response.error.kind .. ": " .. response.error.text)
  response = client:get("/redirect/2", { max_redirects = 1 })
  print(response.error.kind .. ": " .. response.error.text)
  print(client:get("/redirect/2", { max_redirects = 2 }).status_code)
  try(function() client:get("/x", { max_body = "much" }) end) --@much
  try(function() client:get("/x", { max_body = -1 }) end) --@less
  try(function() client:get("/x", { max_redirects = -1 }) end) --@redirects
  try(function() client:get("/x", { max_retries = 1.5 }) end) --@retries
end)
