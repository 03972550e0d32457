-- server: hostile
-- An event source that cannot be opened does not raise, and is not tried again where that is no use.
local U = HttpUser:extend("U", {})
local function show(source)
  print(source.status_code .. " " .. tostring(source.open) .. " " .. source.error.kind .. ": " .. source.error.text)
end
U:task("work", function(self)
  show(sse.open("/echo"))
  show(sse.open("/status/503", { name = "busy" }))
  show(sse.open("http://127.0.0.1:1/", { name = "refused", reconnect = false }))
  show(sse.open("ftp://127.0.0.1/", { name = "no http" }))
  show(sse.open("/stall", { name = "stall", timeout = 0.02 }))
  local source = sse.open("/status/503", { name = "busy" })
  print(source:next())
  for _ in source:events() do print("never") end
  print(source.reconnects, source.last_event_id, source.headers.nothing)
  -- Before a server was ever reached there is nothing to go on with.
  print(sse.open("http://127.0.0.1:1/", { name = "refused" }):next(0))
  print(select(2, pcall(sse.open, "/", { recconect = true })))
  print(select(2, pcall(sse.open, "/", { reconnect = -1 })))
  print(select(2, pcall(sse.open, "/", { max_event = "many" })))
  print(select(2, pcall(sse.open, "/", { timeout = 0 })))
  print(select(2, pcall(sse.open, "/", { headers = { ["last-event-id"] = 7 } })))
  print(select(2, pcall(sse.open)))
  print(select(2, pcall(source.next, source, "soon")))
  print(select(2, pcall(source.next)))
end)
