-- Listeners hear of sockets and event sources as of requests; setup and teardown may hold some, too.
local kept
setup(function()
  kept = ws.connect("/ws/echo", { name = "of setup" })
  kept:send("from setup")
  return { said = (kept:recv(5)) }
end)
teardown(function(data)
  kept:send("and " .. data.said)
  print(kept:recv(5))
end)
events.request:add_listener(function(request)
  print(request.request_type, request.name, request.status_code, request.exception, request.url:match("^%a+"))
end)
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local socket <close> = ws.connect("/ws/echo", { name = "echo" })
  local missing <close> = sse.open("/ready", { name = "no events" })
end)
