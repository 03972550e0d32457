-- flags: -u 2 -r 1000 -i 80 -T fast
-- Only tasks with a tag: their own, or one of their class.
local ran = {}
local function count(what) return function(self) ran[what] = true end end
local U = User:extend("U", {})
U:task("plain", count("plain"))
U:task("fast", { tags = "fast" }, count("fast"))
U:task("both", { tags = { "fast", "slow" }, weight = 2 }, count("both"))
U:task("slow", { tags = { "slow" } }, count("slow"))
local T = User:extend("T", { tags = { "slow" } })
T:task("of class", count("of class"))
T:task("fast of class", { tags = { "fast" } }, count("fast of class"))

local function report()
  for _, what in ipairs { "plain", "fast", "both", "slow", "of class", "fast of class" } do
    check(what, ran[what] == true)
  end
end
function U:on_stop() report() end
function T:on_stop() report() end
