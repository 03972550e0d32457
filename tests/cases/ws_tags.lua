-- Tags tell the metrics of sockets and event sources apart; groups count their connections.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  group("live", function()
    local socket <close> = ws.connect("/ws/echo", { name = "echo", tags = { room = "a", size = 1 } })
    socket:send("x")
    socket:recv(5)
    socket:ping()
  end)
  local source <close> = sse.open("/events?count=2&interval=0", { name = "events", tags = { room = "b" }, reconnect = false })
  for _ in source:events() do end
end)
