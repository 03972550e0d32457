-- server: hostile
-- Redirects are followed, and are one entry under the first URL.
local U = HttpUser:extend("U", {})
local function path(url) return (url:gsub("^http://[^/]*", "")) end
U:task("work", function(self)
  local response = self.client:get("/redirect/2")
  print(response.status_code .. " at " .. path(response.url))
  for i, hop in ipairs(response.history) do
    print(i .. ": " .. hop.status_code .. " " .. path(hop.url) .. " -> " .. hop.location)
  end
  print(#self.client:get("/redirect/0").history .. " redirects")

  response = self.client:get("/redirect/1", { allow_redirects = false, name = "not followed" })
  print(response.status_code .. " to " .. response.headers.location .. ", ok " .. tostring(response.ok))

  response = self.client:head("/redirect/1", { name = "head" })
  print("head " .. response.status_code)
  response = self.client:head("/redirect/1", { name = "head, followed", allow_redirects = true })
  print("head " .. response.status_code .. " at " .. path(response.url))

  response = self.client:post("/redirect/1", { data = "body" })
  print("post becomes " .. response.request.method .. " of " .. response.request.body_length)

  response = self.client:get("/redirect-loop")
  print(response.status_code .. " " .. response.error.kind .. " " .. #response.history)
end)
