-- Messages against protobuf's own JSON mapping: what a table is sent as, and what a message is read as.
options { users = 1, iterations = 1 }

local U = GrpcUser:extend("U", { host = "127.0.0.1:" .. env.PLAIN, grpc_options = { proto = "everything.proto" } })
local S = "foreign.v1.Foreign/"

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local word = a << 16 | (b or 0) << 8 | (c or 0)
    for digit = 0, 3 do
      local index = word >> (18 - 6 * digit) & 63
      local is_there = digit < 2 or digit == 2 and b or digit == 3 and c
      out[#out + 1] = is_there and ALPHABET:sub(index + 1, index + 1) or "="
    end
  end
  return table.concat(out)
end

-- JSON, and the table that says the same.
local ROWS = {
  { "{}", {} },
  { '{"an_int64":"9223372036854775807","a_sint64":"-9223372036854775808"}', { an_int64 = math.maxinteger, a_sint64 = math.mininteger } },
  { '{"an_int64":"-9223372036854775808"}', { an_int64 = "-9223372036854775808" } },
  { '{"a_uint64":"18446744073709551615","a_fixed64":"9223372036854775808"}', { a_uint64 = "18446744073709551615", a_fixed64 = "9223372036854775808" } },
  { '{"a_uint64":"9007199254740993"}', { a_uint64 = 9007199254740993 } },
  { '{"an_int32":-2147483648,"a_uint32":4294967295,"a_sfixed32":-1}', { an_int32 = -2147483648, a_uint32 = 4294967295.0, a_sfixed32 = -1 } },
  { '{"a_double":"NaN","a_float":"-Infinity"}', { a_double = -(0 / 0), a_float = -math.huge } },
  { '{"a_double":"Infinity","doubles":["NaN",-0.0,1e308]}', { a_double = "Infinity", doubles = { "NaN", -0.0, 1e308 } } },
  { '{"a_double":-0.0}', { a_double = -0.0 } },
  { '{"a_float":0.1}', { a_float = 0.1 } },
  { '{"some_bytes":"AAEA/w=="}', { some_bytes = "\0\1\0\255" } },
  { '{"a_string":"a\\u0000b😀"}', { a_string = "a\0b😀" } },
  { '{"colour":"GREEN","colours":["RED",77,-1,0]}', { colour = "GREEN", colours = { 1, 77, "PAST", "COLOUR_NONE" } } },
  { '{"maybe_int32":0,"maybe_string":"","maybe_bool":false,"maybe_colour":0,"maybe_double":0}', { maybe_int32 = 0, maybe_string = "", maybe_bool = false, maybe_colour = 0, maybe_double = 0 } },
  { '{"maybeInt32":1}', { maybeInt32 = 1 } },
  { '{"by_int32":{"-5":"x","7":""},"by_bool":{"true":{"an_int32":1},"false":{}}}', { by_int32 = { [-5] = "x", [7] = "" }, by_bool = { [true] = { an_int32 = 1 }, ["false"] = {} } } },
  { '{"by_int64":{"-9223372036854775808":"RED"},"by_uint64":{"18446744073709551615":1.5,"3":0}}', { by_int64 = { [math.mininteger] = "RED" }, by_uint64 = { ["18446744073709551615"] = 1.5, [3] = 0 } } },
  { '{"by_int32":{"1":"a","2":"b"}}', { by_int32 = { "a", "b" } } },
  { '{"blobs_by":{"":"/w=="},"blobs":["","AA=="]}', { blobs_by = { [""] = "\255" }, blobs = { "", "\0" } } },
  { '{"one_int64":"0"}', { one_int64 = 0 } },
  { '{"one_string":""}', { one_string = "" } },
  { '{"one_message":{}}', { one_message = {} } },
  { '{"one_empty":{}}', { one_empty = {} } },
  { '{"one_null":null}', { one_null = json.null } },
  { '{"timestamp":"0001-01-01T00:00:00Z","duration":"-0.5s"}', { timestamp = "0001-01-01T00:00:00Z", duration = "-0.5s" } },
  { '{"timestamp":"2026-01-31T12:00:00.000000001+05:30"}', { timestamp = "2026-01-31T12:00:00.000000001+05:30" } },
  { '{"timestamp":"1970-01-01T00:00:01.5Z","duration":"315576000000s"}', { timestamp = { seconds = 1, nanos = 500000000 }, duration = { seconds = 315576000000 } } },
  { '{"struct":{"a":null,"b":[1,[],{},[null]],"c":{"d":{"e":false}}},"value":null,"list":[]}', { struct = { a = json.null, b = { 1, json.array {}, {}, { json.null } }, c = { d = { e = false } } }, value = json.null, list = {} } },
  { '{"value":"x","values":{"k":null,"l":3},"value_list":[null,true]}', { value = "x", values = { k = json.null, l = 3 }, value_list = { json.null, true } } },
  { '{"mask":"someField,a.bC"}', { mask = "some_field,a.b_c" } },
  { '{"int64_value":"0","uint64_value":"18446744073709551615","bool_value":false,"string_value":"","bytes_value":"AA==","double_value":"NaN","int32_value":1,"uint32_value":2,"float_value":0.5}', { int64_value = 0, uint64_value = "18446744073709551615", bool_value = false, string_value = "", bytes_value = "\0", double_value = "NaN", int32_value = 1, uint32_value = 2, float_value = 0.5 } },
  { '{"any":{"@type":"type.googleapis.com/foreign.v1.Piece","number":"7","content":"AA=="}}', { any = { ["@type"] = "type.googleapis.com/foreign.v1.Piece", number = 7, content = "\0" } } },
  { '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s"}}', { any = { ["@type"] = "type.googleapis.com/google.protobuf.Duration", value = "1.5s" } } },
  { '{"any":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/google.protobuf.Empty"}}}', { any = { ["@type"] = "type.googleapis.com/google.protobuf.Any", value = { ["@type"] = "type.googleapis.com/google.protobuf.Empty" } } } },
  { '{"nested":{"nested":{"nested":{"a_bool":true}}},"messages":[{},{"an_int32":5}]}', { nested = { nested = { nested = { a_bool = true } } }, messages = { {}, { an_int32 = 5 } } } },
  { '{"timestamps":["1970-01-01T00:00:00Z"],"int64s":["-1","2"],"empty":{}}', { timestamps = { "1970-01-01T00:00:00Z" }, int64s = { -1, "2" }, empty = {} } },
}

local wrong = 0

local function compare(self, what, json_text, message)
  local reply = self.grpc:call(S .. "Compare", { json = json_text, message = message })
  if not (reply.ok and reply.message.same) then
    wrong = wrong + 1
    print("WRONG", what, json_text)
    print(reply.ok and ("came:\n%s\nwanted:\n%s"):format(reply.message.came, reply.message.wanted) or reply.error.text)
  end
end

-- Bytes and keys as JSON has them; the rest is as protobuf's JSON takes it.
local function portable(message)
  for name, value in pairs(message) do
    if type(name) == "string" and name:find("^by_") then
      local named = {}
      for key, inner in pairs(value) do named[tostring(key)] = inner end
      value, message[name] = named, named
    end
    if name == "some_bytes" or name == "bytes_value" or name == "content" then
      message[name] = base64(value)
    elseif name == "blobs" or name == "blobs_by" then
      for key, bytes in pairs(value) do value[key] = base64(bytes) end
    elseif name == "mask" then
      message[name] = value:gsub("_(%a)", string.upper)
    elseif type(value) == "table" and name ~= "struct" and name ~= "value" and name ~= "list" and name ~= "values" then
      portable(value)
    end
  end
  return message
end

local function words(value)
  if value ~= value then return "NaN" end
  if value == math.huge then return "Infinity" end
  if value == -math.huge then return "-Infinity" end
  if type(value) == "table" then
    for key, inner in pairs(value) do value[key] = words(inner) end
  end
  return value
end

U:task("rows", function(self)
  for _, row in ipairs(ROWS) do
    compare(self, "sent", row[1], row[2])
    local parsed = self.grpc:call(S .. "Parse", { json = row[1] }).message.message
    compare(self, "read and sent again", row[1], parsed)
    compare(self, "read", json.encode(words(portable(parsed))), self.grpc:call(S .. "Parse", { json = row[1] }).message.message)
  end
  local count = 0
  local invented <close> = self.grpc:stream(S .. "Invent")
  invented:send { number = 100 }
  for made in invented:messages(20) do
    count = count + 1
    compare(self, "made up, sent again", made.json, made.message)
    compare(self, "made up, read", json.encode(portable(made.message)), self.grpc:call(S .. "Parse", { json = made.json }).message.message)
  end
  print(#ROWS .. " rows, " .. count .. " made up, " .. wrong .. " wrong")
end)
