-- flags: -u 1 -r 1000 -i 1 --http-debug
-- server: hostile
-- Heads alone.
local U = HttpUser:extend("U", {})
U:task("work", function(self) self.client:post("/status/200", { data = "body" }) end)
