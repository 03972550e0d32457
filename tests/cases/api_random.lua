-- flags: -u 1 -i 1 -L error
-- Every function and member of the API, called with values made at random: results or errors of the
-- script, never a fault of the runner.
local U = HttpUser:extend("U", {})

local state = 99
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n + 1
end

local cycle = {}
cycle[1] = cycle
local function values(response)
  return {
    nil, true, false, 0, 1, -1, 2, 1.5, -0.0, 0 / 0, 1 / 0, -1 / 0, math.mininteger, math.maxinteger, 1e300,
    "", "text", "/ready", "\xff\xfe", "a\0b", "{\"a\":[1]}", ("x"):rep(5000), "GET", "http://[::1", "name",
    {}, { 1, 2, 3 }, { 1, nil, 3 }, { a = 1 }, cycle, { json = {}, data = "" }, { name = "n", headers = { a = "b" } },
    { name = 5 }, { [1.5] = 2 }, { [{}] = {} }, { params = { a = cycle } }, { timeout = 0.001 }, { "/ready" },
    function() end, function() return true end, function() error({}) end, function() error("x") end, print,
    coroutine.create(function() end), json.null, json.array {}, config, env, vu, http, json, response, response.headers,
    U, setmetatable({}, { __index = function() error("index") end, __tostring = function() return 5 end }),
  }
end

local skipped = { ["test.abort"] = true, sleep = true }

local function functions()
  local found = {}
  local modules = {
    http = { "get", "post", "put", "patch", "delete", "head", "options", "request", "batch" },
    json = { "encode", "decode", "array" }, log = { "debug", "info", "warn", "error" }, time = { "now", "monotonic", "iso" },
    uuid = { "v4", "v7", "hex" },
  }
  for module, names in pairs(modules) do
    for _, name in ipairs(names) do found[#found + 1] = module .. "." .. name end
  end
  for _, name in ipairs { "check", "between", "constant", "constant_pacing", "constant_throughput", "poisson", "options",
    "require", "print", "uuid", "setmetatable", "getmetatable", "tostring", "pairs" } do found[#found + 1] = name end
  table.sort(found)
  return found
end

local function get(name)
  local module, member = name:match("^(%w+)%.(%w+)$")
  if module then return _G[module][member] end
  return _G[name]
end

local members = { "status_code", "ok", "text", "content", "json", "headers", "cookies", "url", "history", "elapsed",
  "timings", "error", "request", "raise_for_status", "success", "failure", "ignore" }

local function judge(what, ok, message)
  if not ok and tostring(message):find("internal fault", 1, true) then print(what .. ": " .. tostring(message)) end
end

U:task("work", function(self)
  local response = self.client:get("/ready", { catch_response = true })
  local pool = values(response)
  local count = #pool
  local calls = 0
  for _, name in ipairs(functions()) do
    local f = get(name)
    for _ = 1, name:find("^http") and 25 or 60 do
      local args = table.pack(pool[random(count)], pool[random(count)], pool[random(count)], pool[random(count)])
      judge(name, pcall(f, table.unpack(args, 1, random(5) - 1)))
      calls = calls + 1
    end
  end
  for _, name in ipairs(members) do
    for _ = 1, 20 do
      local member = response[name]
      if type(member) == "function" then
        judge(name, pcall(member, pool[random(count)], pool[random(count)]))
        judge(name, pcall(member, response, pool[random(count)]))
      elseif type(member) == "table" or type(member) == "userdata" then
        judge(name, pcall(function() return member[pool[random(count)]] end))
        judge(name, pcall(function() return #member end))
        judge(name, pcall(function() for _ in pairs(member) do end end))
      end
      calls = calls + 1
    end
  end
  for _, object in ipairs { config, env, vu, http, json, uuid, response, response.headers, U, HttpUser } do
    for _ = 1, 40 do
      local key = pool[random(count)]
      judge("index", pcall(function() return object[key] end))
      judge("call", pcall(function() return object(key) end))
      judge("arithmetic", pcall(function() return object + key end))
      judge("compare", pcall(function() return object == key, object < key end))
      judge("concat", pcall(function() return object .. "" end))
      if object ~= U then judge("set", pcall(function() object[key] = 1 end)) end
      judge("close", pcall(function() local closing <close> = object end))
      calls = calls + 1
    end
  end
  check("enough calls", calls > 3000)
end)
