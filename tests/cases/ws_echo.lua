-- A WebSocket: text and binary, both ends of it, and what a script sees of the handshake.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local socket = ws.connect("/ws/echo", { subprotocols = { "chat", "echo" }, params = { room = 1 } })
  print(socket.status_code, socket.subprotocol, socket.open, socket.error, socket.close_code)
  print(socket.headers["Upgrade"], socket.headers.nothing, socket.url:match("^ws://"), socket.url:match("/ws/.*"))
  print(socket:send("Grüße"))
  print(socket:recv(5))
  print(socket:send_binary("\0\xff"))
  local bytes, kind = socket:recv()
  print(#bytes, bytes:byte(2), kind)
  print(socket:recv(0.01))
  print(socket:recv(0))
  local seconds = socket:ping()
  print(type(seconds), seconds > 0 and seconds < 5)
  print(type(socket:ping("data")))
  socket:send("a") socket:send("b") socket:send("")
  local n = 0
  for text, kind in socket:messages(5) do
    n = n + 1
    print(n, "<" .. text .. ">", kind)
    if n == 3 then break end
  end
  for _ in socket:messages(0.01) do print("never") end
  local big = ("x"):rep(300000)
  socket:send(big)
  print(socket:recv() == big)
  print(socket:close(3001, "done"))
  print(socket.open, socket.close_code, socket.close_reason, socket.error)
  print(socket:send("late"))
  print(socket:recv())
  print(socket:ping())
  socket:close()
  for _ in socket:messages() do print("never") end
end)
