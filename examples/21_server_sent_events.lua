-- Server-sent events: a stream that breaks off and goes on where it was, and one that is left early.
--
--   cargo run -- --script examples/21_server_sent_events.lua
--
-- As in a browser, a source connects again when its stream ends, with the id of the last event, until the server says
-- that there is no more (status 204). Each connection counts as a request of type SSE.
options { users = 2, spawn_rate = 100, iterations = 4 }

local Watcher = HttpUser:extend("Watcher", { wait_time = constant(0.01) })

Watcher:task("follow", function()
  -- The service ends the stream after every 4 events, and wants clients to come back after 20 ms.
  local source <close> = sse.open("/events?count=10&interval=2&cut=4&retry=20", { name = "follow" })
  local seen = {}
  for event in source:events(10) do
    seen[#seen + 1] = event.data
    if event.retry then log.debug("to come back after " .. event.retry .. " s") end
  end
  check("every event came once, in order", table.concat(seen, " ") == "1 2 3 4 5 6 7 8 9 10")
  check("it connected again", source.reconnects == 3 and source.error == nil)
end)

Watcher:task("peek", function()
  -- `<close>` ends the connection with the block; without reconnecting the stream's end would be the loop's.
  local source <close> = sse.open("/events", {
    params = { count = 1000, interval = 5 },
    last_event_id = "990",
    reconnect = false,
    name = "peek",
    tags = { part = "peek" },
  })
  local event, why = source:next(5)
  check("it goes on behind the id", event ~= nil and event.event == "count" and event.id == "991")
  if not event then error("no event: " .. why) end
end)
