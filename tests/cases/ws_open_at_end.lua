-- flags: -u 3 -r 1000 -i 3
-- log: sorted
-- Sockets that a script leaves open are closed, and counted, when their user ends.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local socket = ws.connect("/ws/echo", { name = "left" })
  socket:send("one")
  socket:send("two")
  print(socket:recv(5))
  -- The other message is not taken; it has arrived before this pong.
  socket:ping()
end)
