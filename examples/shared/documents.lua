-- A small client of the documents service, for 07_modules.lua.
local documents = {}

local COLLECTION = "/v1beta/collections/shared/documents"

-- Creates a document and returns it as the service has it. Raises when it does not work.
function documents.create(client, fields)
  local response = client:post(COLLECTION, {
    name = "create",
    json = { document = { uri = uuid(), fields = fields } },
  })
  response:raise_for_status()
  return response:json("document")
end

-- Changes fields of a document that nobody has changed in between.
function documents.update(client, document, fields)
  local response = client:patch(COLLECTION .. "/" .. document.uri, {
    name = "update",
    json = { fields = fields, expected_version = document.version },
  })
  response:raise_for_status()
  return response:json("document")
end

return documents
