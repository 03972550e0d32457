-- flags: -u 2 -r 1000 -i 2
-- server: hostile
-- Cookies are the user's own, and are sent again; `cookies` adds some to one request.
local U = HttpUser:extend("U", { wait_time = constant(10) })
local function sent(response) return tostring(response:json().headers.cookie) end
U:task("work", function(self)
  local own = "c" .. vu.id
  check("none at first", sent(self.client:get("/echo")) == "nil")
  local response = self.client:get("/cookies/set?" .. own .. "=value")
  check("the response knows it", response.cookies[own] == "value")
  check("it is sent again", sent(self.client:get("/echo")) == own .. "=value")
  check("through http as well", sent(http.get("/echo")) == own .. "=value")
  local both = sent(self.client:get("/echo", { cookies = { more = "1" } }))
  check("with those of the request", both == own .. "=value; more=1" or both == "more=1; " .. own .. "=value")
  local replaced = sent(self.client:get("/echo", { cookies = { [own] = "other" } }))
  check("a request's own comes first", replaced == own .. "=other")
  check("only for that request", sent(self.client:get("/echo")) == own .. "=value")
  check("a header replaces all", sent(self.client:get("/echo", { headers = { Cookie = "x=y" } })) == "x=y")
  self.client:get("/cookies/set?" .. own .. "=changed")
  check("it can change", sent(self.client:get("/echo")) == own .. "=changed")
end)
