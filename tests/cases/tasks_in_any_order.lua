-- flags: -u 8 -r 1000 -i 40 -T x
-- log: sorted
-- server: none
-- Each VU defines its tasks in another order: names decide which one runs, not places.
local U = User:extend("U", { wait_time = constant(0.001) })
local names = { "alpha", "beta", "gamma", "delta", "epsilon" }
for step = 1, #names do
  local name = names[(step + vu.id) % #names + 1]
  local tag = name == "alpha" and "x" or "y"
  U:task(name, { tags = { tag } }, function() if name ~= "alpha" then print("wrong task " .. name) end end)
end
