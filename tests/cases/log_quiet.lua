-- flags: -i 1 -L warning
-- Lines below the level asked for are not written; print counts as info.
local U = User:extend("U", {})
U:task("work", function(self)
  log.debug("debug")
  log.info("info")
  print("print")
  log.warn("warn")
  log.error("error")
end)
