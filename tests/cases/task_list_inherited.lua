-- flags: -u 1 -i 60 Child
-- Lists of parents and children add up; an unnamed task replaces none, a named one its namesake.
local seen = {}
local function see(what) return function(self) seen[what] = true end end
local Parent = User:extend("Parent", { tasks = { see("first of the parent"), { target = see("of the parent"), name = "named" } } })
local Child = Parent:extend("Child", { tasks = { see("first of the child"), see("second of the child"), { target = see("of the child"), name = "named" } } })
function Child:on_stop()
  local names = {}
  for name in pairs(seen) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do print(name) end
end
