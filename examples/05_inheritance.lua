-- Classes that extend classes: attributes, methods and tasks are inherited.
--
--   cargo run -- --script examples/05_inheritance.lua
--   cargo run -- --script examples/05_inheritance.lua --list
--
-- `abstract` classes are only there to be extended, so `Documents` has no users of its own.
options { users = 2, spawn_rate = 10, iterations = 6 }

local Documents = HttpUser:extend("Documents", { abstract = true, wait_time = constant(0.05), collection = "base" })

function Documents:on_start()
  self.path = "/v1beta/collections/" .. self.collection .. "/documents"
end

function Documents:create(fields)
  return self.client:post(self.path, { name = "create", json = { document = { uri = uuid(), fields = fields } } })
end

Documents:task("create_one", function(self) self:create { made_by = vu.class } end)

local Drafts = Documents:extend("Drafts", { collection = "drafts" })

-- A method of the parent is called by the parent's name.
function Drafts:on_start()
  Documents.on_start(self)
  log.info("drafts go to", self.path)
end

-- A task of the same name replaces the inherited one.
local Reports = Documents:extend("Reports", { collection = "reports" })

Reports:task("create_one", function(self)
  local response = self:create { title = "weekly", made_by = vu.class }
  assert(response:json("document.fields.made_by") == "Reports")
end)
