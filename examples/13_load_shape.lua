-- Load shapes: how many users there are, when.
--
--   cargo run -- --script examples/13_load_shape.lua
--   cargo run -- --script examples/13_load_shape.lua -e TEST_SHAPE=wave
--
-- Each stage lasts its own `duration`; the run ends with the last one. Users come and go at the
-- stage's `spawn_rate`, and a new stage does not wait for the ramp of the one before.
local Reader = HttpUser:extend("Reader", { wait_time = constant(0.2) })

Reader:task("look", function(self) self.client:get("/ready", { name = "look" }) end)

local Writer = HttpUser:extend("Writer", { wait_time = constant(0.2) })

Writer:task("write", function(self)
  local document = { uri = uuid(), fields = { at = time.now() } }
  self.client:post("/v1beta/collections/shape/documents", { name = "write", json = { document = document } })
end)

LoadTestShape:extend("Steps", {
  abstract = env.TEST_SHAPE == "wave",
  stages = {
    { duration = "1s", users = 2, spawn_rate = 10, classes = { Reader } },
    { duration = "1s", users = 6, spawn_rate = 10 },
    { duration = 1, users = 1, spawn_rate = 10 },
  },
})

-- What stages cannot say, `tick` can. It is asked every second, and returns users and spawn rate;
-- nil ends the run. Here it is chosen by `-e TEST_SHAPE=wave`.
local Wave = LoadTestShape:extend("Wave", { abstract = env.TEST_SHAPE ~= "wave", top = 5, length = 3 })

function Wave:tick()
  local at = self:run_time()
  if at >= self.length then return nil end
  return self.top * math.sin(at / self.length * math.pi) + 1, 10
end
