-- Server-sent events: fields, ids, a loop, reconnecting with the last id, and the end by a 204.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  -- After three events the server ends the stream; the client connects again, twice, then a 204 comes.
  local source = sse.open("/events?count=5&interval=1&cut=3&retry=10", { name = "counting" })
  print(source.status_code, source.open, source.error, source.headers["content-type"])
  local first = source:next()
  print(first.event, first.data, first.id, first.retry, source.last_event_id)
  local second = source:next(5)
  print(second.id, second.retry)
  for event in source:events() do print(event.id, event.data, event.retry) end
  print(source.status_code, source.open, source.error, source.reconnects, source.last_event_id)
  print(source:next())

  do
    local short <close> = sse.open("/events", { params = { count = 9, interval = 1, cut = 2 }, last_event_id = "4", reconnect = false })
    for event in short:events(5) do print("short", event.data) end
    print(short.open, short.error, short.reconnects)
  end

  -- The server is quiet for longer than the client waits.
  local slow = sse.open("/events?count=3&interval=60000", { name = "slow", tags = { kind = "slow" } })
  print(slow:next(5).data)
  print(slow:next(0.01))
  for _ in slow:events(0.01) do print("never") end
  print(slow.open)
  slow:close()
  print(slow.open, slow:next())
end)
