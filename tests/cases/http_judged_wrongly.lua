-- flags: -u 1 -i 2
-- server: hostile
-- A response is judged once, only if asked for, and only while its task runs.
local U = HttpUser:extend("U", {})
local function try(f, ...)
  local ok, message = pcall(f, ...)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  if self.kept then
    try(function() self.kept:success() end) --@later
    try(function() return self.kept.status_code end) --@status
    try(function() return self.kept.text end) --@text
    try(function() return self.kept.headers end) --@headers
    try(function() return self.headers["content-type"] end) --@kept_headers
    return
  end
  local response = self.client:get("/status/200", { name = "twice", catch_response = true })
  response:success()
  try(response.failure, response, "changed my mind")
  try(function() response:ignore() end) --@ignore
  local plain = self.client:get("/status/200", { name = "not asked" })
  try(function() plain:failure("bad") end) --@plain
  try(function() plain.failure("bad") end) --@dot
  self.kept = self.client:get("/status/200", { name = "kept", catch_response = true })
  self.headers = self.kept.headers
end)
