-- Times a function in chunks and reports the median chunk, in us for each operation. Used under e2e and under
-- lua5.4 alike: `clock` returns seconds, `report` takes one line of text.
local chunks = {}

function chunks.measure(clock, report, name, operations, run)
  local costs = {}
  for chunk = 1, 15 do
    local start = clock()
    run(operations)
    costs[chunk] = (clock() - start) / operations * 1e6
  end
  table.sort(costs)
  report(("bench %s %.4f"):format(name, costs[8]))
end

return chunks
