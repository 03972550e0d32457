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

-- Fields as people would fill them in, and `more`. --seed repeats them.
function generate.fields(more)
  local fields = { title = fake.sentence(), author = fake.name(), contact = fake.email() }
  for name, value in pairs(more) do fields[name] = value end
  return fields
end

-- A list of documents, each with fields of its own and `more`.
function generate.documents(count, kind, more)
  local documents = {}
  for i = 1, count do documents[i] = { uri = generate.uri(kind), fields = generate.fields(more) } end
  return documents
end

function generate.uris(documents)
  local uris = {}
  for i, document in ipairs(documents) do uris[i] = document.uri end
  return uris
end

return generate
