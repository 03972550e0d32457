-- Smoke: are the core functions of the documents service alive? 30 s, one user.
options { users = 1, spawn_rate = 1, run_time = "30s" } -- flags, variables and config override these

-- An answer that takes longer is a failure, too. In seconds; see config/.
local SLOWEST = (config.vars or {}).slowest_answer or 2

local SmokeTestUser = HttpUser:extend("SmokeTestUser", { wait_time = between(0.5, 1) })

function SmokeTestUser:on_start()
  local prefix = (config.test_data or {}).collection_prefix or "smoke_test_"
  self.documents = "/v1beta/collections/" .. prefix .. uuid.hex():sub(1, 8) .. "/documents"
  self.uris = {}
end

-- What the server said, or why it said nothing.
local function reason(response)
  return response.error and response.error.text or response.text
end

SmokeTestUser:task("create_and_get_document", 3, function(self)
  local uri = "doc-" .. uuid.hex():sub(1, 8)
  self.uris[#self.uris + 1] = uri

  do -- the response is judged here: what it is not told, it decides by its status at `end`
    local response <close> = self.client:post(self.documents, {
      name = "POST /documents",
      json = { document = { uri = uri, fields = { test = true, timestamp = time.now() } } },
      catch_response = true,
    })
    if response.status_code == 200 then
      response:success()
    else
      response:failure("create failed: " .. reason(response))
      return
    end
  end

  local response <close> = self.client:get(self.documents .. "/" .. uri, {
    name = "GET /documents/{uri}",
    catch_response = true,
  })
  local fetched = check(response, {
    ["status is 200"] = function(r) return r.status_code == 200 end,
    ["uri matches"] = function(r) return r.status_code == 200 and r:json("document.uri") == uri end,
  })
  if not fetched then
    response:failure("get failed: " .. reason(response))
  elseif response.elapsed > SLOWEST then
    response:failure("slower than " .. SLOWEST .. " s")
  else
    response:success()
  end
end)

SmokeTestUser:task("health_check", function(self)
  self.client:get("/ready")
end)

function SmokeTestUser:on_stop()
  if (config.test_data or {}).cleanup_after == false then return end
  for _, uri in ipairs(self.uris) do
    self.client:delete(self.documents .. "/" .. uri, { name = "DELETE /documents/{uri}" }, function(response)
      -- Creating it has failed, which was counted then.
      if response.status_code == 404 then response:ignore() end
    end)
  end
end
