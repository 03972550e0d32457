-- WebSockets: a chat of one, over a socket that a user keeps from task to task.
--
--   cargo run -- --script examples/20_websocket.lua
--
-- `ws.connect` never raises: a socket that could not be opened has an `error`, and is closed. So are its calls:
-- `send` returns false, `recv` nil, and why. Pings of the server are answered while the user waits between tasks.
options { users = 3, spawn_rate = 100, iterations = 12 }

local Chatter = HttpUser:extend("Chatter", { wait_time = constant(0.05) })

function Chatter:on_start()
  self.socket = ws.connect("/ws/echo", { subprotocols = { "echo" }, name = "chat" })
  check(self.socket, {
    ["chat is open"] = function(s) return s.status_code == 101 and s.subprotocol == "echo" end,
  })
end

Chatter:task("say", 3, function(self)
  local said = json.encode { user = vu.id, text = "hello " .. uuid.hex() }
  self.socket:send(said)
  -- One wait for one answer, with a limit.
  local answer, kind = self.socket:recv(5)
  check("the echo is what was said", kind == "text" and answer == said)
end)

Chatter:task("stream", function(self)
  for i = 1, 5 do self.socket:send_binary(string.pack(">I4", i)) end
  local sum = 0
  -- A loop over all that comes; it would end by itself when the socket closes, or after 5 s without a message.
  for bytes in self.socket:messages(5) do
    sum = sum + string.unpack(">I4", bytes)
    if sum == 15 then break end
  end
  check("all parts came", sum == 15)
end)

function Chatter:on_stop()
  local seconds = self.socket:ping()
  log.info(("the server answered a ping within %s"):format(seconds and seconds < 5 and "5 s" or "no time"))
  self.socket:close(1000, "bye")
  check("the server closed as well", self.socket.close_code == 1000)
end
