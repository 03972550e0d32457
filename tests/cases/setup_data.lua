-- flags: -u 1 -r 1000 -i 2
-- What setup returns is every user's data, as JSON carries it, held once and read-only.
setup(function()
  local response = http.get("/ready", { name = "in setup" })
  return {
    status = response.status_code,
    big = 9007199254740993,
    least = math.mininteger,
    float = 0.1,
    whole = 2.0,
    none = json.null,
    list = json.array({ "a", { deep = true } }),
    env = env,
    text = "täxt\0",
  }
end)
teardown(function(data)
  print("teardown", data.big, #data.list)
  print(http.get("/ready", { name = "in teardown" }).status_code)
end)

local Set = SequentialTaskSet:extend("Set")
Set:task("in a set", function(self)
  print(self.data.status, self.user.data == self.data)
  self:interrupt()
end)

local U = HttpUser:extend("U", { tasks = { Set } })
function U:on_start()
  local data = self.data
  print(data.status, data.big, math.type(data.big), data.least == math.mininteger)
  print(data.float, data.whole, math.type(data.whole), data.none == json.null, data.missing)
  print(#data.list, data.list[1], data.list[2].deep, #data.text, data.env.DEMO == env.DEMO)
  for index, item in ipairs(data.list) do print(index, type(item)) end
  print(pcall(function() data.big = 1 end)) --@write
  print(pcall(function() data.list[1] = 1 end)) --@item
end
