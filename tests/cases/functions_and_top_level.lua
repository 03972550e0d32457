-- flags: -u 1 -i 3
-- Functions see the variables of their file's top level before those of the API, and change them.
local env = "staging"
local time
time = 5
local count = 0
local list = {}
local function which() return env .. " " .. time end
local function bump()
  count = count + 1
  return count
end
local function add(x)
  list[#list + 1] = x
  return #list
end
local function outer()
  local inner = function() count = count + 10 end
  inner()
  return bump()
end
print(bump())
local U = User:extend("U")
U:task("work", function()
  print(which() .. " " .. bump() .. " " .. add(1) .. " " .. outer())
  time = time + 1
end)
