-- flags: -u 1 -i 13
-- trace: yes
-- Unknown names, each with what may have been meant.
local U = HttpUser:extend("U", {})
local steps = {
  function(self) chekc(self, {}) end, --@global
  function(self) cofnig.x = 1 end, --@global_indexed
  function(self) uuid.v5() end, --@function
  function(self) json.encod({}) end, --@encode
  function(self) time.noww() end, --@now
  function(self) return vu.iteratoin end, --@vu
  function(self) return self.client:get("/ready").txet end, --@member
  function(self) self.client:gte("/ready") end, --@verb
  function(self) self:on_strat() end, --@method
  function(self) nothing_like_it() end, --@nothing
  function(self) HTTPUser:extend("X") end, --@class
  function(self) local t = {}; t.missing() end, --@field
  function(self) test.stop() end, --@test
}
U:task("work", function(self) steps[vu.iteration](self) end) --@task
