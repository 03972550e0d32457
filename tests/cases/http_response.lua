-- server: hostile
-- Everything that a response tells.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local response = self.client:post("/echo?q=1", { json = { a = { b = { 1, { c = "deep" } } } }, headers = { ["X-Here"] = "yes" } })
  print("status_code " .. response.status_code)
  print("ok " .. tostring(response.ok))
  print("text is content: " .. tostring(response.text == response.content))
  print("text " .. response.text:sub(1, 9))
  local whole = response:json()
  print("json " .. whole.method .. " " .. whole.path)
  print("json(path) " .. response:json("headers.x-here"))
  print("json(path) " .. tostring(response:json("headers.none")) .. " " .. tostring(response:json("method.x")))
  print("headers " .. response.headers["content-type"] .. " " .. response.headers["Content-Type"] .. " "
    .. response.headers["CONTENT-TYPE"] .. " " .. tostring(response.headers["x-none"]))
  local names = {}
  for name, value in pairs(response.headers) do names[#names + 1] = name .. "=" .. value end
  table.sort(names)
  print("pairs " .. names[1]:gsub("%d+", "N") .. " " .. names[2])
  print("url " .. response.url)
  print("history " .. #response.history)
  print("request " .. response.request.method .. " " .. response.request.url .. " " .. response.request.body_length)
  print("error " .. tostring(response.error))
  print("elapsed " .. math.type(response.elapsed) .. " " .. tostring(response.elapsed > 0 and response.elapsed < 5))
  local parts, sum = response.timings, 0
  for _, name in ipairs { "sending", "waiting", "receiving" } do sum = sum + parts[name] end
  print("duration is the sum: " .. tostring(math.abs(parts.duration - sum) < 0.001))
  print("duration is within elapsed: " .. tostring(parts.duration <= response.elapsed * 1000 + 0.001))
  print("connecting took time: " .. tostring(parts.connecting > 0))
  print("no TLS: " .. parts.tls_handshaking)
  local count = 0
  for _ in pairs(parts) do count = count + 1 end
  print("timings " .. count)
  print("kept alive: " .. self.client:get("/status/204").timings.connecting)
  local empty = self.client:get("/status/204")
  print("empty <" .. empty.text .. ">")
  print("tostring " .. tostring(empty))
end)
