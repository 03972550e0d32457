-- flags: -u 1 -r 1000 -t 1s --stop-timeout 100ms
-- The end of the run ends a wait for messages and for events; what is open still works in on_stop.
local U = HttpUser:extend("U", {})
function U:on_start()
  self.socket = ws.connect("/ws/echo", { name = "echo" })
  self.source = sse.open("/events?count=2&interval=600000", { name = "events" })
end
U:task("work", function(self)
  print(self.source:next(5).data)
  -- Neither can be caught.
  while true do
    pcall(function() for text in self.socket:messages() do print(text) end end)
    pcall(self.source.next, self.source)
    print("never")
  end
end)
function U:on_stop()
  print(self.socket:send("bye"))
  print(self.socket:recv(5))
  print(self.source:next(0.01))
end
