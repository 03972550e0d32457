-- flags: -u 1 -i 1 --stop-timeout 0
-- server: none
-- A group that the end of the run cuts short has ended as well; on_stop is in none.
local U = User:extend("U", {})
U:task("work", function()
  group("cut short", function()
    group("aborts", function()
      pcall(group, "deep", function()
        pcall(test.abort, "enough")
        print("not reached")
      end)
      print("not reached")
    end)
  end)
end)
function U:on_stop() check("in no group", true) end
