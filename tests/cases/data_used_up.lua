-- flags: -u 2 -r 1000 -i 8
-- server: none
-- log: sorted
-- Unique rows run out: an error for whoever asks for one more.
local people = data.csv("data/people.csv", { mode = "unique" })
local U = User:extend("U", { wait_time = constant(0.001) })
U:task("work", function()
  print(people:next().name) --@next
end)
