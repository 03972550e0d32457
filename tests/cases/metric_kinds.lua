-- flags: -u 2 -r 1000 -i 4
-- server: none
-- Metrics of the script's own: one name is one metric in all VUs; tags are told apart.
local orders = metrics.counter("orders", { unit = "pieces" })
local queue = metrics.gauge("queue")
local cached = metrics.rate("cached")
local price = metrics.trend("price", { unit = "EUR" })
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("work", function()
  orders:add(2)
  orders:add(0.5, { plan = "gold", country = "NZ" })
  metrics.counter("orders"):add(1, { country = "NZ", plan = "gold" })
  queue:add(-5)
  queue:add(12)
  queue:add(3)
  cached:add(true)
  cached:add(false)
  cached:add(1)
  cached:add(0.0, { shard = 1 })
  for value = 1, 100 do price:add(value) end
  metrics.trend("temperature"):add(-40.5, { indoors = false })
end)
metrics.counter("never_added_to")
