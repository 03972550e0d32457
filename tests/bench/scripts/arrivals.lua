local rate, users = tonumber(env.RATE), tonumber(env.ARRIVAL_USERS)
options { scenarios = { open = {
  executor = "constant_arrival_rate", rate = rate, duration = env.SECONDS .. "s", pre_allocated_vus = users, exec = env.EXEC,
} } }

function nothing() end

function ask() http.get("/ready") end
