-- What scripts do not have, and what they cannot reach.
local U = HttpUser:extend("U", {})
local function try(f, ...)
  local ok, message = pcall(f, ...)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  for _, name in ipairs { "io", "os", "debug", "package", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "warn", "module", "setfenv" } do
    print(name .. " " .. tostring(rawget(_G, name)) .. " " .. tostring(_G[name]))
  end
  print("string.dump " .. tostring(string.dump))
  print(_VERSION .. " " .. tostring(_G == _ENV))
  try(function() io.open("/etc/passwd") end) --@io
  try(function() os.exit(1) end) --@os
  try(function() load("return 1") end) --@load
  try(function() setmetatable({}, { __gc = function() end }) end) --@gc
  try(function() setmetatable({}, { __gc = false }) end) --@gc_false
  local late = setmetatable({}, {})
  getmetatable(late).__gc = function() print("never called") end
  late = nil
  for i = 1, 20000 do local garbage = { i } end
  local response = self.client:get("/ready")
  for name, object in pairs { http = http, json = json, vu = vu, env = env, config = config, headers = response.headers, response = response, client = self.client } do
    if getmetatable(object) ~= false then print("the metatable of " .. name .. " can be reached") end
    local ok = pcall(setmetatable, object, {})
    if ok then print("the metatable of " .. name .. " can be set") end
    if pcall(rawset, object, "x", 1) then print(name .. " can be written to") end
  end
  print(tostring(getmetatable(_G)))
  print(tostring(getmetatable(json.array {})) .. " " .. tostring(getmetatable(json.decode("[]"))))
  print(tostring(getmetatable(json.decode("{}"))) .. " " .. #json.array(json.array { 1 }))
end)
