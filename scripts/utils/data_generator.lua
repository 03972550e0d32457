-- Test data: names that never meet those of another user or run, and that tell what they are.
local generate = {}

-- The environment's prefix, in front of the collections of all suites.
local PREFIX = (config.test_data or {}).collection_prefix or "e2e_test_"

function generate.collection(name)
  return PREFIX .. name
end

-- 60 random bits: enough for millions of documents in one collection.
function generate.uri(kind)
  return kind .. "-" .. uuid.hex():sub(1, 16)
end

-- A list of documents, each with a copy of `fields`.
function generate.documents(count, kind, fields)
  local documents = {}
  for i = 1, count do
    documents[i] = { uri = generate.uri(kind), fields = { number = i } }
    for name, value in pairs(fields) do documents[i].fields[name] = value end
  end
  return documents
end

function generate.uris(documents)
  local uris = {}
  for i, document in ipairs(documents) do uris[i] = document.uri end
  return uris
end

return generate
