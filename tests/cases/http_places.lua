-- flags: -u 1 -r 1000 -i 1 --env linked
-- Names that lead elsewhere, and proxies that are not there.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local response = self.client:get("http://www.direct.invalid/ready")
  print(response.status_code .. " " .. response.url)
  for _, url in ipairs { "http://api.direct.invalid/", "http://other.invalid/", "https://other.invalid:8443/" } do
    local response = self.client:get(url, { name = url })
    print(response.error.kind .. ": " .. response.error.text)
  end
  print(self.client:get(env.SECURE, { name = "exempt" }).status_code)
end)
