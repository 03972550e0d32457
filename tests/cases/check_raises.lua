-- trace: yes
-- An error within a condition counts as failed, and goes on as the task's error.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local ok, message = pcall(check, self, { ["caught"] = function() error("first") end }) --@first
  print(tostring(ok) .. " " .. message)
  ok, message = pcall(check, self, { ["a table"] = function() error({ code = 5 }) end })
  print(tostring(ok) .. " " .. message.code)
  check(self, { ["not caught"] = function() --@check
    error("second") --@second
  end })
end)
