-- Smoke: are the core functions of the documents service alive? 30 s, one user.
options { users = 1, spawn_rate = 1, run_time = "30s" } -- flags, variables and config override these

local retry = require("e2e.retry")

-- An answer that takes longer is a failure, too. In seconds; see config/.
local SLOWEST = assert(tonumber((config.vars or {}).slowest_answer or 2),
  "TEST_SLOWEST (vars.slowest_answer) is a number of seconds")

local SmokeTestUser = HttpUser:extend("SmokeTestUser", { wait_time = between(0.5, 1) })

function SmokeTestUser:on_start()
  local prefix = (config.test_data or {}).collection_prefix or "smoke_test_"
  self.documents = "/v1beta/collections/" .. prefix .. uuid.hex():sub(1, 8) .. "/documents"
  self.uris = {}
end

-- Counts an answer as a success if it is `fine` and came in time; `what` is what was asked for. Returns `fine`.
local function judge(response, what, fine)
  if not fine then
    -- What the server said, or why it said nothing.
    response:failure(what .. " failed: " .. (response.error and response.error.text or response.text))
  elseif response.elapsed > SLOWEST then
    response:failure("slower than " .. SLOWEST .. " s")
  else
    response:success()
  end
  return fine
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
    if not judge(response, "create", response.status_code == 200) then return end
  end

  local response <close> = self.client:get(self.documents .. "/" .. uri, {
    name = "GET /documents/{uri}",
    catch_response = true,
  })
  local fetched = check(response, {
    ["status is 200"] = function(r) return r.status_code == 200 end,
    ["uri matches"] = function(r) return r.status_code == 200 and r:json("document.uri") == uri end,
  })
  judge(response, "get", fetched)
end)

SmokeTestUser:task("health_check", function(self)
  self.client:get("/ready", function(response) judge(response, "health check", response.status_code == 200) end)
end)

function SmokeTestUser:on_stop()
  if (config.test_data or {}).cleanup_after == false then return end
  for _, uri in ipairs(self.uris) do
    local gone = retry(5, 0.1, function()
      local response <close> = self.client:delete(self.documents .. "/" .. uri, {
        name = "DELETE /documents/{uri}",
        catch_response = true,
      })
      if response.status_code ~= 404 then return judge(response, "delete", response.status_code == 200) end
      response:ignore() -- it was never created, which was counted then
      return true
    end)
    if not gone then return end -- a service that cannot delete one will hardly delete the others
  end
end
