-- flags: -u 1 -i 4000
-- What follows a task follows it as often as the weights say.
local before
local counts = { browse = {}, buy = {} }

local function step(name)
  return function()
    if before then counts[before][name] = (counts[before][name] or 0) + 1 end
    before = name
  end
end

local Shop = MarkovTaskSet:extend("Shop")
Shop:task("browse", { next = { browse = 1, buy = 3 } }, step("browse"))
Shop:task("buy", { next = { "browse" } }, step("buy"))

local U = User:extend("U", { tasks = { Shop } })
function U:on_stop()
  -- Some 2,285 steps from `browse`: four standard deviations are 0.036.
  local share = counts.browse.buy / (counts.browse.buy + counts.browse.browse)
  print("three of four browse, then buy: " .. tostring(math.abs(share - 0.75) < 0.037))
  print("nobody buys twice: " .. tostring(counts.buy.buy == nil))
end
