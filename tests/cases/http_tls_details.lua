-- flags: -u 1 -r 1000 -i 1 --env linked
-- What TLS agreed on; a server's own certificate is trusted where the configuration names it.
local U = HttpUser:extend("U", { host = env.SECURE })
U:task("work", function(self)
  local response = self.client:get("/")
  print(response.status_code .. " " .. tostring(response.error))
  local tls = response.tls
  print(tls.version .. " " .. tostring(tls.cipher:find("^TLS_%u[%u%d_]+$") ~= nil) .. " " .. tostring(tls.resumed))
  -- 2040-02-03T00:00:00Z
  print(tls.peer.subject .. " " .. tls.peer.issuer .. " " .. tls.peer.expiry)
  -- The second connection resumes the session of the first; one without a check is of its own.
  local both = http.batch { "/", "/" }
  print(tostring(both[1].tls.resumed) .. " " .. tostring(both[2].tls.resumed))
  print(tostring(self.client:get("/", { verify = false }).tls.resumed))
  print(tostring(self.client:get(env.DEMO .. "/ready").tls))
  print(select(2, pcall(function() return tls.ciper end))) --@ciper
end)
