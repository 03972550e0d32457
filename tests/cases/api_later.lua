-- flags: -u 1 -i 3
-- trace: yes
-- What is yet to come says so.
local U = HttpUser:extend("U", {})
local steps = {
  function(self) GrpcUser:extend("X", {}) end, --@class
  function(self) grpc.client("127.0.0.1:1") end, --@module
  function(self) self.grpc:call("a.B/C", {}) end, --@member
}
U:task("work", function(self) steps[vu.iteration](self) end) --@task
