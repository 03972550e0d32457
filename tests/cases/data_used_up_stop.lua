-- flags: -u 2 -r 1000 -t 20s
-- server: none
-- log: sorted
-- Unique rows run out: each user ends when it asks for one more, and the run with the last of them.
local people = data.csv("data/people.csv", { mode = "unique", on_end = "stop" })
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("work", function()
  local fine, row = pcall(people.next, people)
  print(row.name)
end)
function U:on_stop() print("stops") end
