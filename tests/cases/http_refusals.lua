-- What a request refuses: errors of the script, not failures of the request.
local U = HttpUser:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  local client = self.client
  try(function() client:get("/x", { jsn = {} }) end) --@jsn
  try(function() client:get("/x", { zzz = 1 }) end) --@zzz
  try(function() client:get("/x", { "name" }) end) --@list
  try(function() client:get("/x", "name") end) --@text
  try(function() client:get() end) --@no_path
  try(function() client:get(5) end) --@number
  try(function() client:get("/x", { name = 5 }) end) --@name
  try(function() client:get("/x", { catch_response = "yes" }) end) --@catch
  try(function() client:get("/x", { allow_redirects = 1 }) end) --@redirects
  try(function() client:get("/x", { verify = "no" }) end) --@verify
  try(function() client:get("/x", { headers = "a: b" }) end) --@headers
  try(function() client:get("/x", { headers = { a = {} , b = print } }) end) --@header
  try(function() client:get("/x", { params = { a = json.null } }) end) --@params
  try(function() client:post("/x", { data = 5 }) end) --@data
  try(function() client:post("/x", { data = "a", json = {} }) end) --@two
  try(function() client:post("/x", { json = { f = print } }) end) --@json
  try(function() client:get("/x", {}, 5) end) --@closure
  try(function() client:request("GET") end) --@request
  try(function() client:request("G T", "/x") end) --@method
  try(function() client.get("/ready", { name = "a dot does no harm" }) end)
  try(function() client:fetch("/x") end) --@fetch
  try(function() client:gett("/x") end) --@gett
  try(function() client.get = nil end) --@set
  try(function() local r = client:get("/ready"); return r.status end) --@member
  try(function() local r = client:get("/ready"); r.status_code = 1 end) --@assign
  try(function() local r = client:get("/ready"); r.text() end) --@call
end)
