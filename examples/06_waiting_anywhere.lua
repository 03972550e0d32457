-- Plain sequential code: requests and sleeps may stand anywhere.
--
--   cargo run -- --script examples/06_waiting_anywhere.lua
--
-- Also where a coroutine could not yield: in the comparator of a sort, in a callback of `gsub`, in
-- a metamethod, in `pcall`. Other users run meanwhile.
options { iterations = 1 }

local Waiter = HttpUser:extend("Waiter")

Waiter:task("wait_everywhere", function(self)
  local sizes = { 3, 1, 2 }
  table.sort(sizes, function(a, b)
    self.client:get("/ready", { name = "in sort" })
    return a < b
  end)
  assert(table.concat(sizes) == "123")

  local text = ("a-b"):gsub("%a", function(letter)
    sleep(0.01)
    return letter .. self.client:get("/ready", { name = "in gsub" }).status_code
  end)
  assert(text == "a200-b200")

  local lazy = setmetatable({}, {
    __index = function(_, path) return self.client:get(path, { name = "in a metamethod" }).ok end,
  })
  assert(lazy["/ready"])

  local fine, why = pcall(function()
    self.client:get("/ready", { name = "in pcall" })
    error("on purpose")
  end)
  assert(not fine)
  log.info("caught:", why)
end)
