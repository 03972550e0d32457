-- Everything of the API is read-only; names of the script's own are free.
local U = HttpUser:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  try(function() http = {} end) --@http
  try(function() check = print end) --@check
  try(function() HttpUser = nil end) --@class
  try(function() vu.id = 5 end) --@vu
  try(function() json.encode = print end) --@json
  try(function() uuid.new = print end) --@uuid
  try(function() config.base_url = "x" end) --@config
  try(function() log.info = nil end) --@log
  try(function() time.zone = "UTC" end) --@time
  try(function() self.client.get = print end) --@client
  try(function() between.x = 1 end) --@function
  own = "a global of its own"
  print(own)
  U.attribute = "of the class"
  print(self.attribute)
  self.client_count = 1
  print(self.client_count)
  print(type(http) .. " " .. type(check) .. " " .. type(vu))
  print(tostring(http) .. " " .. tostring(vu) .. " " .. tostring(json))
end)
