-- flags: -u 1 -r 1000 -i 2
-- A VM that broke takes its sockets with it: the next one begins anew.
local U = HttpUser:extend("U", { wait_time = constant(0) })
U:task("work", function(self)
  if vu.iteration == 1 then
    for _ = 1, 64 do ws.connect("/ws/echo", { name = "many" }) end
    local t = {}
    while true do t[#t + 1] = ("x"):rep(1000000) end --@grow
  end
  print(ws.connect("/ws/echo", { name = "again" }).open)
end)
