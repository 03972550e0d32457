-- Pure computation: calls, and tables with strings.
local chunks = require("chunks")

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

-- Builds, looks up, sorts and joins strings; the collector has its share.
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
  local function measure(name, count, run)
    chunks.measure(clock, report, { name = name, chunks = count, operations = 1 }, run)
  end
  measure("fib_22", 201, function() fib(22) end)
  measure("fib_32", 9, function() fib(32) end)
  measure("words", 201, function() words(10000) end)
end
