-- HTTP/2: all requests of a user go over one connection, each as a stream of it.
--
--   cargo run -- --script examples/22_http2.lua -e HTTP2=prior_knowledge
--
-- Over https nothing need be said: servers that speak HTTP/2 agree to it. The bundled service is one of plain http,
-- which is told by `http2: prior_knowledge` in the environment's `settings`; config/local.yaml takes it from the variable.
options { users = 2, spawn_rate = 100, iterations = 6 }

local Reader = HttpUser:extend("Reader", { wait_time = constant(0.01) })

function Reader:on_start()
  local first = self.client:get("/ready")
  check("it is HTTP/2", first.http_version == "2")
  log.info("the service answered in HTTP/" .. first.http_version)
end

Reader:task("read many at once", function(self)
  local requests = {}
  for _ = 1, 20 do requests[#requests + 1] = { "GET", "/ready", name = "ready" } end
  local connections = 0
  for _, response in ipairs(http.batch(requests)) do
    check("answered", response.ok)
    if response.timings.connecting > 0 then connections = connections + 1 end
  end
  check("over the connection that was there", connections == 0)
end)

Reader:task("read while another is under way", function(self)
  -- A body that is read slowly holds back its own stream only.
  local export <close> = self.client:get("/v1beta/exports/10000", { stream = true, name = "export" })
  local between = self.client:get("/ready")
  check("others pass", between.ok and between.timings.connecting == 0)
  local size = 0
  for chunk in export:chunks() do size = size + #chunk end
  check("all of it came", size == 138894)
end)
