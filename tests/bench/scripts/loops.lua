-- Pure computation: calls, and tables with strings.
local chunks = require("chunks")

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function words(count)
  local seen, list = {}, {}
  for i = 1, count do
    local word = "word-" .. i % 1000
    if not seen[word] then
      seen[word] = true
      list[#list + 1] = word:upper()
    end
  end
  table.sort(list)
  return table.concat(list, ","):len()
end

return function(clock, report)
  chunks.measure(clock, report, "fib_27", 1, function() fib(27) end)
  chunks.measure(clock, report, "fib_32", 1, function() fib(32) end)
  chunks.measure(clock, report, "words", 1, function() words(200000) end)
end
