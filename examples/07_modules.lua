-- Modules: code that several scripts share.
--
--   cargo run -- --script examples/07_modules.lua
--
-- `require` looks below the script root (here: examples/), then in the standard library. A module
-- is an ordinary Lua file that returns what it has to offer; it runs once for each user.
local documents = require("shared.documents")

options { iterations = 2 }

local Editor = HttpUser:extend("Editor")

Editor:task("create_and_rename", function(self)
  local document = documents.create(self.client, { title = "first" })
  local changed = documents.update(self.client, document, { title = "second" })
  check("version goes up", changed.version == document.version + 1)
end)
