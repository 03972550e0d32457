-- server: none
-- The rows of a CSV file: names from the header, quoted fields, any row by its number, all in order.
local people = data.csv("data/people.csv")
local prices = data.csv("data/prices.csv", { delimiter = ";" })
print(#people, people.path, table.concat(people.columns, "|"))
print(people[1]["the note"])
local U = User:extend("U", {})
U:task("work", function()
  print(people[2].name, people[2]["the note"] == "", people[3]["the note"], people[1].nothing)
  print(people[0], people[4], people[-1], people[1.5], people[2.0].name, people[math.mininteger])
  for i, row in ipairs(people) do print("ipairs", i, row.email) end
  for i, row in pairs(people) do print("pairs", i, row.email) end
  print(prices[2].price, math.type(tonumber(prices[1].id)))
  local row = people[1]
  row.name = "changed"
  print(row.name, people[1].name)
  print(pcall(function() people[1] = {} end))
  print(pcall(function() return people.nmae end))
  print(data.csv("./data/people.csv") == people, data.csv("data/people.csv", { mode = "random" }) == people)
  print(json.decode(json.encode(people[2])).email, type(people), tostring(people), #data.csv("data/header.csv"))
  print(fake.pick(people).name ~= nil)
  local names = {}
  for i = 1, #people do names[i] = people[i].name end
  print(table.concat(names, " "))
end)
