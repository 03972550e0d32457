-- Functional: does each operation do what it should? Whole flows and their edge cases. 5 minutes, 10 users.
options { users = 10, spawn_rate = 2, run_time = "300s" } -- flags, variables and config override these

local APIClient = require("utils.client")
local generate = require("utils.data_generator")

-- What both flows do. The client has counted what failed; the steps after it could only fail as well.
local Flow = SequentialTaskSet:extend("Flow", { abstract = true })

function Flow:on_start()
  self.api = APIClient.new(self.client, generate.collection("functional_test"))
  self.uris = {}
end

function Flow:leave_unless(result)
  if not result then self:interrupt() end
  return result
end

-- Also runs when the flow is left early, or the run ends amid it.
function Flow:on_stop()
  self.api:clean_up(self.uris)
end

-- The life of one document.
local DocumentCRUDFlow = Flow:extend("DocumentCRUDFlow")

DocumentCRUDFlow:task("step1_create", function(self)
  self.uri = generate.uri("crud-test")
  self.uris = { self.uri }
  local fields = generate.fields { step = 1, status = "created" }
  self.created = self:leave_unless(self.api:create_document(self.uri, fields))
end)

DocumentCRUDFlow:task("step2_read", function(self)
  self:leave_unless(self.api:get_document(self.uri, self.created))
end)

DocumentCRUDFlow:task("step3_update", function(self)
  local change = { step = 2, status = "updated" }
  self.updated = self:leave_unless(self.api:update_document(self.uri, change, self.created.version))
end)

DocumentCRUDFlow:task("step4_verify_history", function(self)
  self:leave_unless(self.api:get_history(self.uri, { self.created, self.updated })) -- versions 1 and 2
end)

DocumentCRUDFlow:task("step5_refuse_an_old_version", function(self)
  local path = self.api.documents .. "/" .. self.uri
  local change = { fields = { step = 3 }, expected_version = self.created.version }
  self.client:patch(path, { name = "PATCH an old version", json = change }, function(response)
    if response.status_code == 409 then response:success() else response:failure("it was not refused") end
  end)
  self:leave_unless(self.api:get_document(self.uri, self.updated)) -- nothing has changed
end)

DocumentCRUDFlow:task("step6_delete", function(self)
  self:leave_unless(self.api:delete_document(self.uri))
  self.client:get(self.api.documents .. "/" .. self.uri, { name = "GET a deleted document" }, function(response)
    if response.status_code == 404 then response:success() else response:failure("it is still there") end
  end)
  self:interrupt() -- the end of the flow: the user goes on with another
end)

-- Many documents at once, found again page by page.
local BatchFlow = Flow:extend("BatchFlow")

BatchFlow:task("step1_create", function(self)
  self.batch = uuid() -- what sets these documents apart from those of other users
  local documents = generate.documents(5, "batch-test", { batch = self.batch })
  self.uris = generate.uris(documents)
  self:leave_unless(self.api:batch_create(documents))
end)

BatchFlow:task("step2_query", function(self)
  local found, token = {}, nil
  for _ = 1, #self.uris do -- at most: no answer can keep it here
    local page = self:leave_unless(self.api:query_documents({ batch = self.batch }, 2, token))
    assert(page.total_size == #self.uris and #page.documents <= 2, "the page is not the one that was asked for")
    for _, document in ipairs(page.documents) do found[#found + 1] = document.uri end
    token = page.next_page_token
    if token == "" then break end
  end
  assert(table.concat(found, " ") == table.concat(self.uris, " "), "the query did not find what was created")
end)

BatchFlow:task("step3_leave", function(self) self:interrupt() end)

local FunctionalTestUser = HttpUser:extend("FunctionalTestUser", { wait_time = between(1, 3) })

FunctionalTestUser:task("crud", 2, DocumentCRUDFlow)
FunctionalTestUser:task("batch", BatchFlow)

-- The same service over gRPC, where the environment says where that is (`grpc_host`).
if config.grpc_host then
  local SERVICE = "documents.v1beta.DocumentService/"
  local FunctionalGrpcUser = GrpcUser:extend("FunctionalGrpcUser", { wait_time = between(1, 3) })

  function FunctionalGrpcUser:on_start()
    self.collection = generate.collection("functional_test")
    self.uris = {}
  end

  -- Calls a method; a status other than the expected one is a failure. Nil then, else the reply.
  function FunctionalGrpcUser:must(method, message, status, name)
    message.collection = self.collection
    local as_expected
    local reply = self.grpc:call(SERVICE .. method, message, { name = name or method }, function(reply)
      as_expected = reply.status == (status or grpc.OK)
      if as_expected then reply:success() else reply:failure(("%s is %s"):format(name or method, reply.status_name)) end
    end)
    return as_expected and reply or nil
  end

  FunctionalGrpcUser:task("crud", 2, function(self)
    local uri = generate.uri("grpc-test")
    self.uris[1] = uri
    local created = self:must("CreateDocument", { document = { uri = uri, fields = { step = 1, status = "created" } } })
    if not created then return end
    local got = self:must("GetDocument", { uri = uri })
    check("gRPC: what was created is read", got ~= nil and got.message.document.fields.status == "created")
    local updated = self:must("UpdateDocument", { uri = uri, fields = { step = 2 }, expected_version = 1 })
    check("gRPC: an update is the next version", updated ~= nil and updated.message.document.version == 2)
    self:must("UpdateDocument", { uri = uri, fields = { step = 3 }, expected_version = 1 }, grpc.ABORTED, "Update an old version")
    local history = self:must("GetDocumentHistory", { uri = uri })
    check("gRPC: the history has both", history ~= nil and #history.message.documents == 2)
    if self:must("DeleteDocument", { uri = uri }) then self.uris = {} end
    self:must("GetDocument", { uri = uri }, grpc.NOT_FOUND, "Get a deleted document")
  end)

  FunctionalGrpcUser:task("streams", function(self)
    local uri = generate.uri("grpc-stream")
    self.uris[1] = uri
    local watch <close> = self.grpc:stream(SERVICE .. "WatchDocuments", { name = "WatchDocuments" })
    watch:send { collection = self.collection, include_existing = true }
    local sync <close> = self.grpc:stream(SERVICE .. "SyncDocuments", { name = "SyncDocuments", timeout = 10 })
    sync:send { token = "1", collection = self.collection, put = { uri = uri } }
    local answer = sync:recv()
    check("gRPC: a change is answered", answer ~= nil and answer.document ~= nil)
    local is_watched = false
    for change in watch:messages(10) do -- those of other users come as well
      is_watched = change.document.uri == uri
      if is_watched then break end
    end
    check("gRPC: a change is watched", is_watched)
    sync:send { token = "2", collection = self.collection, delete = uri }
    if sync:recv() then self.uris = {} end
    sync:close_send()
    sync:recv()
  end)

  -- Also where a task was left early, or the run ended amid it.
  function FunctionalGrpcUser:on_stop()
    for _, uri in ipairs(self.uris) do
      self.grpc:call(SERVICE .. "DeleteDocument", { collection = self.collection, uri = uri }, { name = "DeleteDocument (cleanup)" }, function(reply)
        reply:ignore()
      end)
    end
  end
end
