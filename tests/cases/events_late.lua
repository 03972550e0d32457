-- Listeners of the run are added at the top level; those of the VU's own events anywhere.
local U = HttpUser:extend("U")
U:task("t", function(self)
  print(pcall(function() events.test_stop:add_listener(print) end)) --@late
  events.request:add_listener(function(event) print("heard", event.name) end)
  self.client:get("/ready")
  print(pcall(setup, function() end))
end)
