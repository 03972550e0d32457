-- The environment: configuration, variables, and who runs this.
--
--   cargo run -- --script examples/08_environment.lua
--   cargo run -- --script examples/08_environment.lua -e TEST_GREETING=hello
--   cargo run -- --script examples/08_environment.lua --show-config
--
-- `config` is config/NAME.yaml, where NAME is --env, else TEST_ENV, else `local`. `env` holds the
-- variables TEST_* and E2E_*, those that the file lists under `env`, and those of -e.
options { iterations = 1 }

local Settings = HttpUser:extend("Settings")

Settings:task("show", function(self)
  log.info("environment", config.environment, "at", config.base_url)
  log.info("collections begin with", config.test_data.collection_prefix)
  log.info("greeting:", env.TEST_GREETING or "none given")
  log.info("user", vu.id, "of class", vu.class, "in its task number", vu.iteration)
  self.client:get("/ready")
end)
