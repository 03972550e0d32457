-- flags: -u 1 -r 1000 -i 1 --env http2
-- Bodies that a function gives and that are read chunk by chunk.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local left = 5
  local sent = self.client:post("/v1beta/uploads", {
    name = "fed",
    data = function()
      left = left - 1
      if left >= 0 then return ("x"):rep(30000) end
    end,
  })
  print(sent.status_code .. " " .. sent.http_version .. " " .. sent:json("upload.size"))
  print(self.client:post("/v1beta/uploads", { name = "whole", data = ("x"):rep(300000) }):json("upload.size"))

  -- Lines of some bytes, each a frame; what is not read holds the service back.
  local export = self.client:get("/v1beta/exports/20000", { stream = true, name = "export" })
  sleep(0.1)
  local size = 0
  for chunk in export:chunks() do size = size + #chunk end
  print(export.status_code .. " " .. size .. " " .. export.size .. " " .. tostring(export.error))
  -- Left early: the connection goes on.
  for _ in self.client:get("/v1beta/exports/1000000", { stream = true, name = "left" }):chunks() do break end
  local ready = self.client:get("/ready")
  print(ready.status_code .. " " .. ready.timings.connecting)
  print(self.client:get("/v1beta/exports/1000", { discard_body = true, name = "discarded" }).size)
  local large = self.client:get("/v1beta/exports/1000", { max_body = 100, name = "large" })
  print(large.error.kind .. " " .. large.error.text)
end)
