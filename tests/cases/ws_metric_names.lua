-- server: none
-- The metrics of WebSockets and event sources are e2e's own.
print(select(2, pcall(metrics.counter, "ws_sessions")))
print(select(2, pcall(metrics.trend, "ws_ping")))
print(select(2, pcall(metrics.counter, "sse_event")))
local U = User:extend("U", {})
U:task("work", function() end)
