-- flags: -u 2 -r 1000 -i 6
-- Every kind of metric has its methods, and tags choose samples. All of these hold; the exit code is
-- that of the requests that failed.
local wait, orders = metrics.trend("wait_ms"), metrics.counter("orders")
local fresh, queue = metrics.rate("fresh"), metrics.gauge("queue")
metrics.counter("errors")
options { thresholds = {
  wait_ms = { "avg==4", "min==2", "max===6", "med<=4", "p(100) == 6", "p(0)==2" },
  ["wait_ms{step:a}"] = "max==2",
  ["wait_ms{step:a,class:U}"] = "max==2",
  ["wait_ms{class:Other}"] = "min==6",
  orders = { "count==6", "rate>0", "count != 5" },
  ["orders{kind: 'book, new'}"] = "count==3",
  fresh = "rate==0.5",
  queue = "value==7",
  errors = "count<1",
  ["errors{why:none}"] = "count==0",
  checks = "rate==0.75",
  ["checks{check:good}"] = "rate==1",
  ["checks{check:bad,group:outer::inner}"] = "rate==0.5",
  ["checks{check:bad,class:Other}"] = "rate==0",
  http_reqs = "count==12",
  ["http_reqs{status:200}"] = "count==6",
  ["http_reqs{status:500}"] = "count==0",
  ["http_reqs{error_code:1404}"] = "count==6",
  ["http_reqs{method:GET,name:/ready}"] = "count==6",
  ["http_reqs{name:GET /ready}"] = "count==6",
  ["http_reqs{name:GET /{uri}}"] = "count==6",
  ["http_reqs{scenario:default}"] = "count==12",
  ["http_reqs{class:U}"] = "count==6",
  ["http_reqs{group:outer}"] = "count==6",
  ["http_reqs{group:::outer::inner}"] = "count==6",
  ["http_reqs{kind:a}"] = "count==6",
  ["http_reqs{kind:a,size:1,class:Other}"] = "count==3",
  http_req_failed = "rate==0.5",
  ["http_req_failed{expected_response:true}"] = "rate==0",
  http_req_duration = { "p(99.9)<60000", "min>0" },
  http_req_waiting = "avg>0",
  http_req_sending = "avg>=0",
  http_req_receiving = "avg>=0",
  http_req_blocked = "avg>=0",
  http_req_connecting = "max>0",
  http_req_tls_handshaking = "max==0",
  data_sent = "count>100",
  data_received = "rate>0",
  iterations = { "count==6", "rate>0" },
  ["iterations{class:U}"] = "count==3",
  iteration_duration = "avg>0",
  group_duration = "min>0",
  ["group_duration{group:outer}"] = "avg>0",
  vus = "value>0",
  vus_max = "value==2",
  dropped_iterations = "count==0",
} }
for _, name in ipairs { "U", "Other" } do
  local User = HttpUser:extend(name, { fixed_count = 1 })
  User:task("work", function(self)
    group("outer", function()
      self.client:get("/ready", { tags = { kind = "a", size = 1 } })
      group("inner", function()
        self.client:get("/v1beta/nothing", { name = "GET /{uri}", tags = { kind = "b" } })
        check(nil, { good = true, bad = name == "U" })
      end)
    end)
    wait:add(name == "U" and 2 or 6, { step = name == "U" and "a" or "b" })
    orders:add(1, { kind = name == "U" and "book, new" or "book" })
    fresh:add(name == "U")
    queue:add(7)
    if vu.iteration == 3 then self:stop() end
  end)
end
