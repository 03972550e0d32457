-- server: none
-- What metrics refuse; the message says why.
local trend = metrics.trend("latency", { unit = "ms" })
local function refused(f, ...) print((select(2, pcall(f, ...)):gsub("^[%w_/]+%.lua:%d+: ", ""))) end
refused(trend.add, trend, 1)
local U = User:extend("U", {})
U:task("work", function()
  for _, name in ipairs { "", "1st", "with space", "dash-ed", "ümlaut", ("x"):rep(129), "http_reqs", 5 } do
    refused(metrics.counter, name)
  end
  metrics.counter(("x"):rep(128))
  metrics.counter("_")
  refused(metrics.gauge, "latency")
  refused(metrics.trend, "latency", { unit = "s" })
  refused(metrics.trend, "latency", { units = "s" })
  refused(metrics.trend, "latency", { unit = 5 })
  refused(metrics.trend, "latency", "ms")
  refused(function() metrics.trand("latency") end)
  for _, value in ipairs { "text", 0 / 0, 1 / 0, {}, true } do refused(trend.add, trend, value) end
  refused(trend.add, trend)
  refused(trend.add, trend, 1, "tag")
  refused(trend.add, trend, 1, { "unnamed" })
  refused(trend.add, trend, 1, { tag = {} })
  local counter, rate = metrics.counter("counter"), metrics.rate("rate")
  refused(counter.add, counter, -1)
  refused(rate.add, rate, 2)
  refused(rate.add, rate, "yes")
  refused(counter.add, trend, 1)
  refused(function() counter.total = 1 end)
  print(metrics.counter("counter") == counter, counter == rate, tostring(counter))
end)
