-- A block without its end: the place is where the file ends, the message names where it began.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  print("x")
