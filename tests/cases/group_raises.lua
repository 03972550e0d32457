-- flags: -u 1 -i 2
-- server: hostile
-- trace: yes
-- An error goes through the group, which has ended all the same.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local fine, why = pcall(group, "caught", function() error({ code = 7 }) end)
  print(fine, why.code)
  check("after it, in no group", true)
  local judged <close> = group("judged outside", function()
    return self.client:get("/status/200", { name = "caught", catch_response = true })
  end)
  group("outer", function() --@outer
    group("inner", function() error("on purpose") end) --@error
  end)
end)
