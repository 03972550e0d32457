-- What listeners of requests hear, before the script goes on; once for each.
local U = HttpUser:extend("U")
events.request:add_listener(function(event)
  print(event.request_type, event.name, event.status_code, event.response_length, event.exception)
  assert(event.response_time > 0 and event.response_time < 20000)
  assert(math.abs(event.start_time - time.now()) < 20)
  assert(event.url:find("^http://"))
  event.name = "mine"
end)
events.request:add_listener(function(event)
  if event.name == "first" then
    -- Counted, but not told.
    http.get("/ready", { name = "of a listener" })
  end
end)
U:task("t", function(self)
  self.client:get("/ready", { name = "first" })
  print("then")
  self.client:get("/nowhere")
  do
    local response <close> = self.client:get("/nowhere", { name = "judged", catch_response = true })
    print("not yet")
    response:success()
    print("now")
  end
  http.batch { "/ready", { "GET", "/ready", name = "in a batch" } }
  self.client:get("/ready", { name = "left open", catch_response = true })
  self.client:get("http://127.0.0.1:1/", { name = "nobody there" })
  print("the end of the task")
end)
