-- flags: -u 3 -r 1000 -i 6
-- server: none
-- log: sorted
-- Which row comes next: shared counts over all VUs, sequential for each, unique gives each once.
local shared = data.csv("data/people.csv")
local again = data.csv("data/people.csv", { mode = "shared" })
local sequential = data.csv("data/people.csv", { mode = "sequential" })
local random = data.csv("data/people.csv", { mode = "random" })
local unique = data.lines("data/words.txt", { mode = "unique", on_end = "recycle" })
local U = User:extend("U", { wait_time = constant(0.001) })
function U:on_start() self.count = 0 end
U:task("work", function(self)
  -- Three VUs in some order: what they get together is certain, and what each gets alone.
  print("shared " .. shared:next().name .. again:next().name)
  print("unique [" .. unique:next() .. "]")
  self.count = self.count + 1
  local row = sequential:next()
  if row.name ~= sequential[(self.count - 1) % 3 + 1].name then log.error(row.name) end
  if not random:next().email:find("@example.com", 1, true) then log.error("random") end
end)
