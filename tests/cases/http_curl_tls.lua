-- server: none
-- A certificate that is not checked is not checked by the command either.
local U = User:extend("U", {})
U:task("work", function()
  print(http.get(env.SECURE .. "/", { verify = false }):as_curl():match("^curl (%-%-insecure) https://"))
end)
