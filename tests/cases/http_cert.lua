-- flags: -u 1 -r 1000 -i 1 --env linked
-- Client certificates that cannot be used raise: the script is wrong, not the server.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  for _, cert in ipairs { "nowhere.pem", { "nowhere.pem", "a.key" }, "/etc/passwd", {}, { "a", "b", "c" }, 5, { 5 } } do
    print(select(2, pcall(self.client.get, self.client, env.SECURE, { cert = cert })))
  end
end)
