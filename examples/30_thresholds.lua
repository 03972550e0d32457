-- Thresholds: what a run must come to, so that its exit code says whether it did.
--
--   cargo run -- --script examples/30_thresholds.lua
--
-- A threshold is about a metric, or about those of its samples that have certain tags. e2e's own tags
-- are name, method, status, group, class and others; `tags` gives requests more. Exit code 99: one was
-- crossed; 112: one had nothing to judge.
options {
  users = 2, spawn_rate = 100, iterations = 10,
  thresholds = {
    http_req_failed = "rate<0.01",
    http_req_duration = { "p(95)<2000", "avg<1000" },
    ["http_req_duration{name:GET /ready}"] = "max<5000",
    ["http_req_duration{kind:write}"] = "med<1000",
    ["checks{check:document is there}"] = "rate==1",
    -- Far from the goal there is no use in going on; in the first seconds there may be.
    checks = { { threshold = "rate>0.5", abort_on_fail = true, delay = "5s" } },
    documents = "count>=10",
    ["group_duration{group:write}"] = "p(99)<5000",
  },
}

local documents = metrics.counter("documents")

local Editor = HttpUser:extend("Editor", { wait_time = constant(0.01) })

Editor:task("write", function(self)
  local path = "/v1beta/collections/thresholds_" .. uuid.hex() .. "/documents"
  group("write", function()
    local response = self.client:post(path, {
      json = { document = { uri = "a", fields = { title = "A" } } }, name = "create", tags = { kind = "write" },
    })
    if response.ok then documents:add(1) end
  end)
  check("document is there", self.client:get(path .. "/a", { name = "read" }).ok)
  self.client:get("/ready", { name = "GET /ready" })
  self.client:delete(path .. "/a", { name = "delete", tags = { kind = "write" } })
end)
