-- flags: -u 1 -r 1000 -i 3
-- A socket lives over tasks, until it is closed or its user ends; so many at once.
local U = HttpUser:extend("U", { wait_time = constant(0.01) })
local kept
function U:on_start()
  self.socket = ws.connect("/ws/echo", { name = "kept" })
end
U:task("work", function(self)
  self.socket:send("task " .. vu.iteration)
  print(self.socket:recv(5))
  if vu.iteration == 2 then
    local all = {}
    for i = 1, 63 do all[i] = ws.connect("/ws/echo", { name = "many" }) end
    print(select(2, pcall(ws.connect, "/ws/echo")))
    print(select(2, pcall(sse.open, "/events")))
    for i = 1, 63 do all[i]:close() end
    do local one <close> = ws.connect("/ws/echo", { name = "one" }) kept = one end
    -- A closed one is remembered for a while.
    print(kept.open, kept.close_code, all[63].close_code)
    print(select(2, pcall(all[1].recv, all[1])))
  end
end)
function U:on_stop()
  self.socket:send("on_stop")
  print(self.socket:recv(5))
end
