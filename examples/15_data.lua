-- Data files and invented values: what users type, without a copy for each user.
--
--   cargo run -- --script examples/15_data.lua
--
-- The host reads a file once for all users, whatever its size. `mode` says which row `next` gives:
-- here each article to one user only, while customers are drawn at random. `fake` invents what no
-- file has to hold. With the same `--seed` a user draws the same values again.
options { users = 2, spawn_rate = 100, run_time = "30s" }

local articles = data.csv("data/articles.csv", { mode = "unique", on_end = "stop" })
local customers = data.lines("data/customers.txt", { mode = "random" })
local plans = data.json("data/plans.json")

local Seller = HttpUser:extend("Seller", { wait_time = constant(0.01) })

-- Each user ends when all articles are sold; the run ends with the last of them.
Seller:task("sell", function(self)
  local article = articles:next()
  local plan = fake.pick(plans.plans)
  local uri = "order-" .. article.id
  local order = { customer = customers:next(), title = article.title, price = tonumber(article.price), plan = plan.name,
    ship_to = { name = fake.name(), city = fake.city() } }
  local path = "/v1beta/collections/orders_15/documents"
  self.client:post(path, { json = { document = { uri = uri, fields = order } }, name = "sell" })
  local response = self.client:get(path .. "/" .. uri, { name = "look" })
  check("the order is kept", response:json("document.fields.title") == article.title)
  self.client:delete(path .. "/" .. uri, { name = "clean up" })
end)
