-- flags: -u 1 -r 1000 -i 1 --http-debug=full
-- server: hostile
-- What goes over the wire, with secrets masked.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/redirect/1", { auth = { bearer = "secret-token" } })
  self.client:get("/cookies/set?session=secret-session")
  self.client:post("/status/500", { name = "named", json = { a = 1 }, headers = { ["X-Other"] = "shown" } })
  self.client:get("/encoded/zstd")
  self.client:put("/status/200", { data = function() end, name = "chunks" })
  self.client:get("/bytes/5000", { discard_body = true })
  self.client:get("/close")
end)
