-- A syntax error: the place, the line, and a caret below what is wrong.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  if self.ready the --@syntax
    print("x")
  end
end)
