-- server: hostile
-- Requests as commands for a shell.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local client = self.client
  local function show(response) print(response:as_curl()) end
  show(client:get("/echo", { params = { a = "x y" } }))
  show(client:head("/echo"))
  show(client:delete("/echo"))
  show(client:post("/echo", { json = { text = "it's" } }))
  show(client:post("/echo", { data = "@file", headers = { ["X-A"] = "b c", Empty = "" } }))
  show(client:post("/echo", { data = "a\0b" }))
  show(client:put("/echo", { data_file = "data/words.txt" }))
  show(client:get("/echo", { auth = { "user", "pass" }, cookies = { a = "b" } }))
  show(client:get("/echo/./[x]"))
  -- As it was sent last.
  show(client:post("/redirect/1", { json = {} }))
end)
