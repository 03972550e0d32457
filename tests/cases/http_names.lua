-- server: hostile
-- The default name is path and query; `name` groups; a host's own prefix is left out or in as it was asked for.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/status/200")
  self.client:get("/status/200?page=2")
  self.client:get("/status/200", { params = { page = 2 } })
  self.client:get("/status/200#part")
  self.client:get(env.HOSTILE .. "/status/200")
  self.client:get("/status/201", { name = "created" })
  self.client:post("/status/201", { name = "created" })
  self.client:get("/status/202", { name = "created" })
  self.client:get("/status/200", { name = "" })
end)
