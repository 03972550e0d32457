-- server: hostile
-- http.batch sends in parallel; the responses come in the order of the requests.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local before = time.monotonic()
  local responses = http.batch {
    "/slow?ms=160",
    { "GET", "/slow?ms=150" },
    { "/status/204" },
    { method = "POST", path = "/echo", json = { a = 1 }, name = "echo" },
    { url = "/status/404", catch_response = true },
    { "put", "/echo", data = "text", headers = { ["X-A"] = "b" } },
  }
  print(tostring(time.monotonic() - before < 0.3))
  print(#responses)
  for i, response in ipairs(responses) do print(i .. " " .. response.status_code .. " " .. response.request.method) end
  responses[5]:success()
  print(responses[4]:json("body") .. " " .. responses[6]:json("headers.x-a"))
  print(#http.batch {})
  for _, wrong in ipairs { { 5 }, { {} }, { { "NOT A METHOD", "/" } }, { { "GET", "/", nmae = "x" } }, { { method = 1 } } } do
    print(select(2, pcall(http.batch, wrong)))
  end
  print(select(2, pcall(http.batch, "/ready")))
end)
