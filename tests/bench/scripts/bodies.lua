-- What JSON costs: the bodies of the smoke suite, encoded and decoded.
local chunks = require("chunks")

local answer = '{"document":{"uri":"doc-5f0c9a3e","version":1,"fields":{"test":true,"timestamp":1732475432.123456},'
  .. '"create_time":"2026-11-24T18:52:19.992448Z","update_time":"2026-11-24T18:52:19.992448Z"}}'
local nested = {
  document = {
    uri = "doc-5f0c9a3e",
    fields = {
      test = true,
      timestamp = 1732475432.125,
      title = "a title of some words",
      tags = { "red", "green", "blue" },
      size = { width = 640, height = 480 },
      count = 42,
      score = 0.5,
    },
  },
}

-- Each by a name; `encode` and `decode` are the library's own.
return function(clock, report, encode, decode)
  local function measure(name, run)
    chunks.measure(clock, report, { name = name, chunks = 301, operations = 500 }, run)
  end

  measure("encode", function(operations)
    local body = { document = { uri = "doc-5f0c9a3e", fields = { test = true, timestamp = 1732475432.123456 } } }
    for _ = 1, operations do encode(body) end
  end)
  measure("build_encode", function(operations)
    for i = 1, operations do
      encode({ document = { uri = "doc-5f0c9a3e", fields = { test = true, timestamp = i } } })
    end
  end)
  measure("encode_nested", function(operations)
    for _ = 1, operations do encode(nested) end
  end)
  measure("decode", function(operations)
    for _ = 1, operations do decode(answer) end
  end)
end
