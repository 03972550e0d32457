-- Calls, streams and connections against servers that this project did not write.
options { users = 1, iterations = 1 }

local S = "foreign.v1.Foreign/"
local function at(kind) return "127.0.0.1:" .. env[kind] end
local function made(kind, more)
  local all = { proto = "everything.proto" }
  for key, value in pairs(more or {}) do all[key] = value end
  return grpc.client(at(kind), all)
end

local U = User:extend("U")
local parts = {}
local function part(name, run) parts[#parts + 1] = { name, run } end
local count, wrong = 0, 0

-- What is asked for must be so; what else it was is printed.
local function is(what, value, wanted)
  count = count + 1
  if value ~= wanted then
    wrong = wrong + 1
    print(("WRONG %s: %s, not %s"):format(what, value, wanted))
  end
end

local function told(reply) return reply.ok and "OK" or reply.error.kind .. " " .. reply.status_name .. ": " .. reply.error.text end

local QUIET = { catch_response = true }

part("metadata", function()
  local client = made("PLAIN", { metadata = { ["of-client"] = "c", ["x-bin"] = "\0\255" } })
  for coding in ("none gzip deflate"):gmatch("%a+") do
    local reply = client:call(S .. "Tell", {}, { compression = coding, timeout = 30, metadata = { ["of-call"] = "d e" } })
    is("told", told(reply), "OK")
    local message = reply.message
    is("metadata of the client", message["of-client"], "c")
    is("binary metadata", message["x-bin"], "00ff")
    is("metadata of the call", message["of-call"], "d e")
    is("the deadline is the server's", message.left > 0 and message.left < 31, true)
    is("initial metadata", reply.headers.begun .. #reply.headers["begun-bin"], "yes2")
    is("trailers", reply.trailers.ended, "a,b")
    is("binary trailers", reply.trailers["ended-bin"], "\x80")
  end
  local text = ("abc"):rep(5000)
  for coding in ("none gzip deflate"):gmatch("%a+") do
    is("content over " .. coding, client:call(S .. "Echo", { content = text }, { compression = coding }).message.content, text)
  end
end)

part("errors", function()
  local client = made("PLAIN")
  for number = 1, 16 do
    local reply = client:call(S .. "Fail", { number = number }, QUIET)
    is("status", reply.status, number)
    is("text", reply.error.text, "päng")
    is("kind", reply.error.kind, "status")
    local details = reply.error.details
    is("details", #details, 5)
    is("ErrorInfo", details[1].reason .. details[1].metadata.k, "WHYv")
    is("BadRequest", details[2].field_violations[1].description, "bad")
    is("RetryInfo", details[3].retry_delay, "1.500s")
    is("a type of the client's", details[4].number, 2 ^ 53 | 1)
    is("an unknown type", details[5].value .. details[5]["@type"], "\8\1type.googleapis.com/nobody.Knows")
    reply:success()
  end
  local late = client:call(S .. "Wait", { pause = 6 }, { timeout = 0.2, catch_response = true })
  is("deadline", late.status_name .. " " .. late.error.kind, "DEADLINE_EXCEEDED timeout")
  is("in time", late.elapsed < 5, true)
  late:ignore()
  local missing = client:call(S .. "Missing", {}, QUIET)
  is("not implemented", missing.status, grpc.UNIMPLEMENTED)
  local big = client:call(S .. "Echo", { content = ("x"):rep(5 << 20) }, QUIET)
  is("larger than the server takes", big.status, grpc.RESOURCE_EXHAUSTED)
  local small = made("SMALL"):call(S .. "Echo", { content = ("x"):rep(2000) }, QUIET)
  is("larger than a small server takes", small.status, grpc.RESOURCE_EXHAUSTED)
  local near = ("x"):rep((4 << 20) - 100)
  is("4 MiB", #client:call(S .. "Echo", { content = near }).message.content, #near)
  local limited = made("PLAIN", { max_receive_size = 1000, max_send_size = 5000 })
  is("received", told(limited:call(S .. "Echo", { content = ("x"):rep(2000) }, QUIET)), "too_large RESOURCE_EXHAUSTED: the message is larger than 1000 bytes (max_receive_size)")
  is("sent", told(limited:call(S .. "Echo", { content = ("x"):rep(6000) }, QUIET)), "too_large RESOURCE_EXHAUSTED: the message is larger than 5000 bytes (max_send_size)")
  is("and goes on", told(limited:call(S .. "Echo", { content = "x" })), "OK")
end)

part("streams", function()
  local client = made("PLAIN")
  local down <close> = client:stream(S .. "Down")
  down:send { number = 1000, size = 100 }
  local sum = 0
  for piece in down:messages(10) do sum = sum + piece.number end
  is("all came", sum, 500500)
  is("down", down.status_name, "OK")

  local up = client:stream(S .. "Up", { compression = "gzip" })
  for number = 1, 500 do up:send { number = number, content = ("x"):rep(1000) } end
  up:close_send()
  local answer = up:recv(10)
  is("all went", answer.number .. " " .. answer.size, "500 500000")
  is("nothing more", up:recv(10), nil)
  is("up", up.status_name, "OK")

  local both = client:stream(S .. "Both")
  for number = 1, 100 do
    both:send { number = number }
    is("echo", both:recv(10).number, number)
  end
  both:close_send()
  is("end", both:recv(10), nil)
  is("both", both.status_name, "OK")

  local slow = client:stream(S .. "Down", { timeout = 1.5 })
  slow:send { number = 100, pause = 0.1 }
  local seen = 0
  for _ in slow:messages() do seen = seen + 1 end
  is("deadline in mid-stream", slow.error.kind .. " " .. slow.status_name .. tostring(seen >= 1 and seen < 100), "timeout DEADLINE_EXCEEDEDtrue")

  -- What is not read waits, however many small messages that is, and the connection stays.
  local unread = client:stream(S .. "Down")
  unread:send { number = 30000 }
  unread:recv(10)
  sleep(2)
  is("a call beside it", told(client:call(S .. "Echo", {})), "OK")
  seen = 1
  for _ in unread:messages(20) do seen = seen + 1 end
  is("all that waited", seen, 30000)

  local left = client:stream(S .. "Down")
  left:send { number = 100, pause = 0.1 }
  left:recv(10)
  left:cancel()
  is("cancelled", left.status_name, "CANCELLED")
end)

part("health and reflection", function()
  local client = grpc.client(at "PLAIN")
  is("health", client:call("grpc.health.v1.Health/Check", {}).message.status, "SERVING")
  is("a service that is not there", client:call("grpc.health.v1.Health/Check", { service = "x" }, QUIET).status, grpc.NOT_FOUND)
  local watch <close> = client:stream("grpc.health.v1.Health/Watch")
  watch:send {}
  is("watched", watch:recv(10).status, "SERVING")
  is("reflected by v1alpha", client:call(S .. "Echo", { number = math.mininteger }).message.number, math.mininteger)
  is("reflected by v1", grpc.client(at "NEW"):call(S .. "Echo", { number = 5 }).message.number, 5)
  local is_raised, why = pcall(client.call, client, "foreign.v1.Foreign/Ecko", {})
  is("a typo", is_raised or tostring(why):match("did you mean `?foreign.v1.Foreign/Echo") ~= nil, true)
  is_raised, why = pcall(function() return grpc.client(at "SILENT"):call(S .. "Echo", {}) end)
  is("no reflection", is_raised or tostring(why):match("reflection") ~= nil, true)
end)

part("secrecy", function()
  local tls = { verify = true }
  for _, client in ipairs { made("TLS", { tls = tls }), grpc.client("https://" .. at "TLS") } do
    is("over TLS", told(client:call(S .. "Echo", { number = 1 })), "OK")
  end
  local mutual = { tls = { verify = true, cert = "client.pem" } }
  local peer = made("MTLS", mutual):call(S .. "Tell", {})
  is("over mTLS", told(peer), "OK")
  local is_named = peer.ok and table.concat(peer.message.identity):match("client") ~= nil
  is("the client's name", is_named, true)
  is("reflection over mTLS", told(grpc.client(at "MTLS", mutual):call(S .. "Echo", {})), "OK")
  local nameless = made("MTLS", { tls = tls, timeout = 5 }):call(S .. "Echo", {}, QUIET)
  is("without a certificate", nameless.status_name .. " " .. nameless.error.kind, "UNAVAILABLE tls")
  is("which is said", nameless.error.text:match("certificate.*required") ~= nil, true)
  local plain = made("TLS", { timeout = 5 }):call(S .. "Echo", {}, QUIET)
  is("no TLS where it is wanted", plain.status_name, "UNAVAILABLE")
  local secret = made("PLAIN", { tls = tls, timeout = 5 }):call(S .. "Echo", {}, QUIET)
  is("TLS where there is none", secret.status_name .. " " .. secret.error.kind, "UNAVAILABLE tls")
end)

part("connections", function()
  -- The server takes one stream at a time: the second call waits for the first stream.
  local narrow = made("NARROW")
  local first = narrow:stream(S .. "Both")
  first:send { number = 1 }
  is("first", first:recv(10).number, 1)
  local second = narrow:call(S .. "Echo", { number = 2 }, { timeout = 0.3, catch_response = true })
  is("second", second.status_name .. " " .. second.error.kind, "DEADLINE_EXCEEDED timeout")
  first:close_send()
  first:recv(10)
  is("after it", told(narrow:call(S .. "Echo", { number = 3 })), "OK")

  -- Connections that the server ends after 0.3 s: calls do not notice, streams go on.
  local aged = made("AGED")
  local stream = aged:stream(S .. "Both")
  local bad = 0
  for number = 1, 60 do
    local reply = aged:call(S .. "Echo", { number = number }, QUIET)
    stream:send { number = number }
    local echoed = stream:recv(10)
    if not reply.ok or not echoed or echoed.number ~= number then bad = bad + 1; print(told(reply), stream.status_name, stream.error and stream.error.text) end
    sleep(0.02)
  end
  is("calls and a stream over connections that grow old", bad, 0)
  stream:close_send()
  is("its end", stream:recv(10), nil)
  is("its status", stream.status_name, "OK")

  -- And streams that it breaks off then.
  local hasty = made("HASTY")
  local broken = hasty:stream(S .. "Down")
  broken:send { number = 1000, pause = 0.05 }
  local seen = 0
  for _ in broken:messages(10) do seen = seen + 1 end
  is("broken off", seen > 0 and seen < 100, true)
  is("as", broken.status_name, "UNAVAILABLE")
  is("the next call", told(hasty:call(S .. "Echo", {})), "OK")

  -- A server that goes away in mid-stream.
  local stopped = made("STOPPED")
  local cut = stopped:stream(S .. "Down")
  cut:send { number = 1000, pause = 0.05 }
  is("it runs", cut:recv(10).number, 1)
  stopped:call(S .. "Stop", { pause = 0.2 })
  while cut:recv(10) do end
  is("cut off", cut.status_name == "UNAVAILABLE" or cut.status_name == "CANCELLED", true)
  local gone = stopped:call(S .. "Echo", {}, { timeout = 5, catch_response = true })
  is("gone", gone.status_name .. " " .. gone.error.kind, "UNAVAILABLE connect")
end)

U:task("all", function()
  for _, each in ipairs(parts) do
    local is_through, why = pcall(each[2])
    is(each[1], is_through or tostring(why), true)
  end
  print(count .. " looked at, " .. wrong .. " wrong")
end)
