-- flags: -u 1 -i 4
-- What an instance does not have, and what a table of the script's own does not.
local U = HttpUser:extend("U", {})
local steps = {
  function(self) self.clent:get("/") end, --@client
  function(self) self:stp() end, --@stop
  function(self) self.itms.x = 1 end, --@own
  function(self) local row = {}; row.clent.x = 1 end, --@table
}
U:task("work", function(self) steps[vu.iteration](self) end)
