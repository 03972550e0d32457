-- HTTPS: certificates are checked unless `verify` says not to; connections are kept.
local U = HttpUser:extend("U", { host = env.SECURE })
U:task("work", function(self)
  local refused = self.client:get("/", { name = "checked" }, function(r) r:failure(r.error.kind) end)
  print(refused.status_code .. " " .. refused.error.kind)
  local accepted = self.client:post("/", { name = "not checked", verify = false, json = { a = 1 } })
  print(accepted.status_code .. " " .. accepted.text .. " " .. accepted.url)
  print(tostring(accepted.timings.tls_handshaking > 0))
  local again = self.client:get("/", { name = "kept", verify = false })
  print(again.timings.connecting .. " " .. again.timings.tls_handshaking)
  -- A connection that was not checked is none for a request that asks for it.
  print(self.client:get("/", { name = "checked again", catch_response = true }).status_code)
end)
