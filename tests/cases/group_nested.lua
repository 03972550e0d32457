-- flags: -u 1 -i 2
-- server: hostile
-- group: nested names join with ::, results come back, checks and requests know the innermost group.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  self.client:get("/status/200", { name = "outside" })
  local a, b, c = group("checkout", function(...)
    check("cart is full", true)
    self.client:get("/status/200", { name = "cart" })
    local inner = group("pay", function()
      self.client:get("/status/404", { name = "card" })
      check("card is valid", vu.iteration == 1)
      check("cart is full", true)
      sleep(0.01)
      return "paid"
    end)
    check("cart is full", true)
    return inner, nil, select("#", ...)
  end)
  print(a, b, c)
  check("cart is full", false)
  print(select("#", group("nothing comes back", function() end)))
end)
