-- server: hostile
-- params: encoded like a form's fields, sorted by name, behind what the path has.
local U = HttpUser:extend("U", {})
local function get(self, path, params)
  print(self.client:get(path, { params = params, name = "echo" }):json().path)
end
U:task("work", function(self)
  get(self, "/echo", { b = "x y", a = 1, d = true, c = "ä&=?/" })
  get(self, "/echo?first=1", { then_ = 2 })
  get(self, "/echo", { list = { 1, "two", 3.5 } })
  get(self, "/echo", {})
  get(self, "/echo", { empty = "", number = 2.0, big = 9007199254740993, small = 1e-7, sum = 0.1 + 0.2, large = 1e300 })
  get(self, "/echo#fragment", { a = "b" })
  get(self, "/echo?", { a = "b" })
end)
