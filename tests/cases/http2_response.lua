-- flags: -u 1 -r 1000 -i 1 --env http2
-- The same script, the same answers; the connection is one for all of them.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local ready = self.client:get("/ready")
  print(ready.status_code .. " " .. ready.http_version .. " " .. ready:json("status") .. " " .. ready.headers["Content-Type"])
  print("connecting took time: " .. tostring(ready.timings.connecting > 0))
  local made = self.client:post("/v1beta/collections/http2/documents", {
    name = "create",
    json = { document = { uri = "a", fields = { n = 1 } } },
  })
  print(made.status_code .. " " .. made:json("document.uri") .. " " .. tostring(made.tls))
  local paths = {}
  for i = 1, 20 do paths[i] = { "GET", "/v1beta/collections/http2/documents/a", name = "read" } end
  local opened, same = 0, 0
  for _, response in ipairs(http.batch(paths)) do
    if response.timings.connecting > 0 then opened = opened + 1 end
    if response:json("document.fields.n") == 1 then same = same + 1 end
  end
  print("opened " .. opened .. ", same " .. same)
  print(self.client:get("/nowhere").status_code .. " " .. self.client:head("/ready", { name = "head" }).text .. ".")
  print(ready:as_curl())
  local gone = http.get("http://127.0.0.1:1/", { name = "gone" })
  print(tostring(gone.http_version) .. " " .. gone.error.kind)
  -- Over https a server must agree; this one does not.
  local secure = http.get(env.SECURE .. "/", { name = "secure" })
  print(secure.error.kind .. " " .. secure.error.text)
  -- WebSockets and event streams speak HTTP/1.1 all the same.
  local socket = ws.connect("/ws/echo")
  socket:send("over")
  print(socket:recv(5))
  socket:close()
end)
