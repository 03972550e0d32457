-- The documents service as the suites use it: a method for each operation.
--
-- A method sends one request, under a name that all documents share, and judges the answer: its status, its content,
-- and how long it took. It returns what the answer holds, or nil where that is not as it should be. The request counts
-- as a failure then, so the caller has nothing more to count.
local retry = require("e2e.retry")

local APIClient = {}
APIClient.__index = APIClient

-- An answer that takes longer is a failure, too. In seconds; see config/.
local SLOWEST = assert(tonumber((config.vars or {}).slowest_answer or 2),
  "TEST_SLOWEST (vars.slowest_answer) is a number of seconds")
-- How often to try to delete what a test has left behind.
local ATTEMPTS = 5

-- `http` is the `client` of a user or of a task set.
function APIClient.new(http, collection)
  return setmetatable({ http = http, documents = "/v1beta/collections/" .. collection .. "/documents" }, APIClient)
end

-- In what `got` differs from `expected`, or nil. Names that are only in `got` do not matter; further list items do.
local function difference(got, expected, place)
  if type(expected) ~= "table" then
    -- Texts are not shown: they are different each time, and failures are grouped by their message.
    local shown = type(expected) ~= "string" and (" is %s instead of %s"):format(got, expected) or " is another"
    return got ~= expected and place .. shown or nil
  end
  if type(got) ~= "table" then return place .. " is missing" end
  if expected[1] and #got ~= #expected then return ("%s has %d items instead of %d"):format(place, #got, #expected) end
  for name, value in pairs(expected) do
    local found = difference(got[name], value, place .. "." .. name)
    if found then return found end
  end
end

-- Sends a request and judges its answer, which is returned where it is as expected.
local function send(self, method, path, options, expected)
  local answer
  self.http:request(method, self.documents .. path, options, function(response)
    if response.status_code ~= 200 then
      return response:failure(response.error and response.error.text or "status " .. response.status_code)
    end
    local readable, got = pcall(function() return response:json() end)
    local wrong = not readable and "answer is no JSON" or difference(got, expected, "answer")
    if wrong then return response:failure(wrong) end
    answer = got
    if response.elapsed > SLOWEST then return response:failure("slower than " .. SLOWEST .. " s") end
    response:success()
  end)
  return answer
end

function APIClient:create_document(uri, fields)
  local options = { name = "POST /documents", json = { document = { uri = uri, fields = fields } } }
  local answer = send(self, "POST", "", options, { document = { uri = uri, version = 1, fields = fields } })
  return answer and answer.document
end

-- `expected`: what is known of the document, such as `{ version = 2 }`.
function APIClient:get_document(uri, expected)
  local options = { name = "GET /documents/{uri}" }
  local answer = send(self, "GET", "/" .. uri, options, { document = expected or { uri = uri } })
  return answer and answer.document
end

-- `version`: the one that is to be changed.
function APIClient:update_document(uri, fields, version)
  local options = { name = "PATCH /documents/{uri}", json = { fields = fields, expected_version = version } }
  local answer = send(self, "PATCH", "/" .. uri, options,
    { document = { uri = uri, version = version + 1, fields = fields } })
  return answer and answer.document
end

-- `expected`: what is known of each version, the oldest first.
function APIClient:get_history(uri, expected)
  local options = { name = "GET /documents/{uri}/history" }
  local answer = send(self, "GET", "/" .. uri .. "/history", options, { documents = expected })
  return answer and answer.documents
end

function APIClient:delete_document(uri)
  return send(self, "DELETE", "/" .. uri, { name = "DELETE /documents/{uri}" }, { success = true }) ~= nil
end

-- `documents`: a list of `{ uri =, fields = }`.
function APIClient:batch_create(documents)
  local options = { name = "POST /documents:batchCreate", json = { documents = documents } }
  local answer = send(self, "POST", ":batchCreate", options, { documents = documents })
  return answer and answer.documents
end

-- Returns a page: `documents`, `total_size`, and `next_page_token`, which is empty on the last one.
function APIClient:query_documents(filter, page_size, page_token)
  local query = { query = { filter = filter }, page_size = page_size, page_token = page_token }
  return send(self, "POST", ":query", { name = "POST /documents:query", json = query }, { documents = {} })
end

-- Deletes what a test has made, or has tried to make: what is not there is fine. It is no part of what is measured, so
-- it only counts if it fails time after time.
function APIClient:clean_up(uris)
  if (config.test_data or {}).cleanup_after == false then return end
  for _, uri in ipairs(uris) do
    local path = self.documents .. "/" .. uri
    local gone = retry(ATTEMPTS, 0.1, function(attempt)
      local response <close> = self.http:delete(path, { name = "clean up", catch_response = true })
      local done = response.status_code == 200 or response.status_code == 404
      if done or attempt < ATTEMPTS then response:ignore() end
      return done
    end)
    if not gone then return end -- a service that cannot delete one will hardly delete the others
  end
end

return APIClient
