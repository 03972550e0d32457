-- Groups and metrics of your own: what the numbers of requests do not say.
--
--   cargo run -- --script examples/16_metrics_and_groups.lua
--
-- A group is timed as a whole, its checks are listed below it, and its requests are counted in it.
-- A metric is declared once by its name and kind: a counter adds up, a gauge keeps the last value, a
-- rate is a share, a trend is a distribution. Tags tell the values of a metric apart.
options { users = 2, spawn_rate = 100, iterations = 6 }

local documents = metrics.counter("documents")
local batch_size = metrics.gauge("batch_size")
local found = metrics.rate("found")
local per_document = metrics.trend("per_document", { unit = "ms" })

local Importer = HttpUser:extend("Importer", { wait_time = constant(0.01) })

Importer:task("import", function(self)
  local collection = "/v1beta/collections/imports_" .. uuid.hex() .. "/documents"
  group("import", function()
    for _, kind in ipairs { "text", "image" } do
      local batch = {}
      for i = 1, 5 do batch[i] = { uri = kind .. "-" .. i, fields = { kind = kind } } end
      -- A group returns what its function returns.
      local response = group("create", function()
        return self.client:post(collection .. ":batchCreate", { json = { documents = batch }, name = "create a batch" })
      end)
      check("batch is created", response.ok)
      documents:add(#batch, { kind = kind })
      batch_size:add(#batch)
      per_document:add(response.elapsed * 1000 / #batch, { kind = kind })
    end
  end)
  group("look", function()
    for _, uri in ipairs { "text-1", "no-such-document" } do
      self.client:get(collection .. "/" .. uri, { name = "look" }, function(response)
        found:add(response.status_code == 200)
        response:success()
      end)
    end
  end)
  group("clean up", function()
    for _, kind in ipairs { "text", "image" } do
      for i = 1, 5 do self.client:delete(collection .. "/" .. kind .. "-" .. i, { name = "clean up" }) end
    end
  end)
end)
