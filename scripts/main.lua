-- What `e2e` runs without --script: the suite that TEST_MODE names, as in `TEST_MODE=functional TEST_ENV=int e2e`.
local suites = { "smoke", "functional", "performance", "stress" }
local mode = env.TEST_MODE or ""
if mode == "" then mode = "smoke" end

local known = {}
for _, suite in ipairs(suites) do known[suite] = true end
if not known[mode] then
  error("there is no suite `" .. mode .. "`: TEST_MODE must be one of " .. table.concat(suites, ", "), 0)
end

require("suites." .. mode)

events.init:add_listener(function(event)
  log.info("testing against", event.environment.name, "at", event.environment.host or "no base URL")
end)
