-- server: hostile
-- Requests that got no answer are sent again, if that does no harm.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local client = self.client
  local response = client:get("/flaky?n=2&key=lua-a", { max_retries = 3, name = "two lost" })
  print(response.status_code .. " after " .. response.retries .. " retries")
  check("it waited in between", response.elapsed >= 0.15)
  response = client:get("/flaky?n=3&key=lua-b", { max_retries = 1, name = "three lost" })
  print(response.error.kind .. " after " .. response.retries .. " retries")
  response = client:post("/flaky?n=1&key=lua-c", { max_retries = 3, name = "a POST" })
  print(response.error.kind .. " after " .. response.retries .. " retries")
  print(client:get("/status/503", { max_retries = 3 }).retries .. " for an answer")
end)
