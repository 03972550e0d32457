-- flags: -u 1 -i 1 -L error
-- counts: no
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
local people = data.csv("data/people.csv")
local metric = metrics.trend("metric")
local function values(response)
  return {
    nil, true, false, 0, 1, -1, 2, 1.5, -0.0, 0 / 0, 1 / 0, -1 / 0, math.mininteger, math.maxinteger, 1e300,
    "", "text", "\xff\xfe", "a\0b", "{\"a\":[1]}", ("x"):rep(5000), "http://[::1", "name",
    {}, { 1, 2, 3 }, { 1, nil, 3 }, { a = 1 }, cycle, { json = {}, data = "" }, { name = "n", headers = { a = "b" } },
    { name = 5 }, { [1.5] = 2 }, { [{}] = {} }, { params = { a = cycle } }, { timeout = 0.001 },
    function() end, function() return true end, function() error({}) end, function() error("x") end, print,
    coroutine.create(function() end), json.null, json.array {}, config, env, vu, http, json, response, response.headers,
    "data/people.csv", { mode = "unique" }, people, metric, U, setmetatable({}, { __index = function() error("index") end, __tostring = function() return 5 end }),
  }
end

local function functions()
  local found = {}
  local modules = {
    http = { "batch", "request" },
    json = { "encode", "decode", "array" }, log = { "debug", "info" }, time = { "now", "monotonic", "iso" },
    uuid = { "v4", "v7", "hex" },
    fake = { "name", "int", "float", "bool", "pick", "date", "words", "sentence", "paragraph", "password", "digits" },
    metrics = { "counter", "gauge", "rate", "trend" }, data = { "csv", "lines", "json" },
  }
  for module, names in pairs(modules) do
    for _, name in ipairs(names) do found[#found + 1] = module .. "." .. name end
  end
  for _, name in ipairs { "between", "constant", "constant_pacing", "constant_throughput", "poisson", "options", "require",
    "uuid", "group", "secret", "setmetatable", "getmetatable", "tostring", "pairs" } do found[#found + 1] = name end
  table.sort(found)
  return found
end

local request_options = { "json", "data", "params", "headers", "cookies", "auth", "timeout", "allow_redirects",
  "catch_response", "verify", "name", "unknown" }

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
    for _ = 1, 100 do
      local args = table.pack(pool[random(count)], pool[random(count)], pool[random(count)], pool[random(count)])
      judge(name, pcall(f, table.unpack(args, 1, random(5) - 1)))
      calls = calls + 1
    end
  end
  for _, option in ipairs(request_options) do
    for i = 1, count do
      local options = { name = "with a random option", [option] = pool[i] }
      judge(option, pcall(http.post, "/ready", options, function(r) r:ignore() end))
      judge(option, pcall(http.batch, { { "/ready", [option] = pool[i], catch_response = true } }))
    end
  end
  for i = 1, count do
    judge("check", pcall(check, pool[random(count)], { ["a random condition"] = pool[i] }))
    judge("check", pcall(check, pool[i], pool[random(count)]))
    judge("sleep", pcall(function() if not tonumber(pool[i]) then sleep(pool[i]) end end))
    judge("wait", pcall(U.extend, U, pool[i], pool[random(count)]))
    judge("task", pcall(U.task, pool[i], pool[random(count)], pool[random(count)], pool[random(count)]))
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
  for i = 1, count do
    judge("next", pcall(people.next, pool[i]))
    judge("add", pcall(metric.add, metric, pool[random(count)], pool[i]))
    judge("add", pcall(metric.add, pool[i], pool[random(count)]))
  end
  for _, object in ipairs { people, metric, metrics, fake, data, config, env, vu, http, json, uuid, response, response.headers, U, HttpUser } do
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
  if calls < 2000 then log.error("too few calls: " .. calls) end
end)
