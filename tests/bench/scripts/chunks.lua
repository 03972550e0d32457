-- Times a function in chunks and reports the median chunk, in us for each operation. Used under e2e and under
-- lua5.4 alike: `clock` returns seconds, `report` takes one line of text.
local chunks = {}

-- Many short chunks: what else happens on the machine then falls into few of them.
function chunks.measure(clock, report, what, run)
  local costs = {}
  for chunk = 1, what.chunks do
    local start = clock()
    run(what.operations)
    costs[chunk] = (clock() - start) / what.operations * 1e6
  end
  table.sort(costs)
  report(("bench %s %.4f"):format(what.name, costs[(what.chunks + 1) // 2]))
end

return chunks
