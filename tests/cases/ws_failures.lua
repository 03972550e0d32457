-- server: hostile
-- A WebSocket that cannot be opened does not raise: it has an error, and is closed.
local U = HttpUser:extend("U", {})
local function show(socket)
  print(socket.status_code .. " " .. tostring(socket.open) .. " " .. socket.error.kind .. ": " .. socket.error.text)
end
U:task("work", function(self)
  show(ws.connect("/echo"))
  show(ws.connect("/status/403", { name = "forbidden" }))
  show(ws.connect("/close", { name = "close" }))
  show(ws.connect("/garbage", { name = "garbage" }))
  show(ws.connect("/redirect-to?/echo", { name = "redirect" }))
  show(ws.connect("ws://127.0.0.1:1/", { name = "refused" }))
  show(ws.connect("ftp://127.0.0.1/", { name = "no ws" }))
  show(ws.connect("/stall", { name = "stall", timeout = 0.02 }))
  local socket = ws.connect("/status/403", { name = "forbidden" })
  print(socket:send("x"))
  print(socket:recv())
  print(socket:ping())
  for _ in socket:messages() do print("never") end
  print(socket.close_code, socket.close_reason, socket.subprotocol, socket.headers["Content-Length"])
  socket:close()
  print(socket.open)
end)
