-- The smoke suite's user, which falls asleep after TASKS tasks so that its memory can be read.
local tasks = tonumber(env.TASKS)

local Idle = HttpUser:extend("Idle", {
  wait_time = function(self)
    self.done = self.done + 1
    if self.done < tasks then return 0.5 + math.random() / 2 end
    return 3600
  end,
})

function Idle:on_start()
  self.collection = config.test_data.collection_prefix .. uuid.hex():sub(1, 8)
  self.created = {}
  self.done = 0
end

Idle:task("create_and_get_document", 3, function(self)
  local uri = "doc-" .. uuid.hex():sub(1, 8)
  do
    local response <close> = self.client:post("/v1beta/collections/" .. self.collection .. "/documents", {
      name = "POST /documents",
      json = { document = { uri = uri, fields = { test = true, timestamp = time.now() } } },
      catch_response = true,
    })
    if response.status_code == 200 then
      self.created[#self.created + 1] = uri
      response:success()
    else
      response:failure("create failed: " .. response.text)
    end
  end
  local response = self.client:get("/v1beta/collections/" .. self.collection .. "/documents/" .. uri, {
    name = "GET /documents/{uri}",
  })
  check(response, {
    ["status is 200"] = function(r) return r.status_code == 200 end,
    ["uri matches"] = function(r) return r:json().document.uri == uri end,
  })
end)

Idle:task("health_check", function(self) self.client:get("/ready") end)

function Idle:on_stop()
  for _, uri in ipairs(self.created) do
    self.client:delete("/v1beta/collections/" .. self.collection .. "/documents/" .. uri, { name = "DELETE /documents/{uri}" })
  end
end
