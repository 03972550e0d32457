-- server: none
-- The lines of a text file.
local words = data.lines("data/words.txt", { mode = "sequential" })
local U = User:extend("U", {})
U:task("work", function()
  print(#words, #words.columns)
  for i, word in ipairs(words) do print(i, "[" .. word .. "]") end
  print(words:next(), words:next(), words:next(), words:next(), words:next())
end)
