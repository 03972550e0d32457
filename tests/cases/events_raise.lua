-- A listener that raises is counted, stops no other, and changes no result.
local U = HttpUser:extend("U")
events.test_start:add_listener(function() error("in test_start") end) --@start
events.test_start:add_listener(function() print("test_start") end)
events.request:add_listener(function() error("in request") end) --@request
events.request:add_listener(function(event) print("request", event.name) end)
events.user_error:add_listener(function() error({ code = 7 }) end)
events.user_error:add_listener(function(event)
  print("user_error", event.exception, event.user_class, event.user_id)
  print((event.traceback:gsub("\n.*", "")))
end)
U:task("t", function(self)
  print(self.client:get("/ready").status_code)
  error("in the task") --@task
end)
function U:on_stop()
  error("in on_stop") --@stop
end
events.quitting:add_listener(function(event) print("quitting", event.exit_code) end)
