-- server: hostile
-- A body that is read chunk by chunk: it counts when it is over, and is not kept.
local U = HttpUser:extend("U", {})
local function try(f)
  local ok, message = pcall(f)
  print(tostring(ok) .. " " .. tostring(message))
end
U:task("work", function(self)
  local client = self.client
  local response = client:get("/drip?n=3&ms=100", { stream = true })
  check("it is there before its end", response.timings.duration < 300 and response.elapsed < 0.3)
  local text = ""
  for chunk in response:chunks() do text = text .. chunk end
  print(response.status_code .. " " .. text:gsub("\n", ",") .. " " .. response.size)
  for _ in response:chunks() do print("it is read already") end

  local total, most = 0, 0
  for chunk in client:get("/bytes/1000000", { stream = true }):chunks() do
    total, most = total + #chunk, math.max(most, #chunk)
  end
  print(total .. " " .. tostring(most <= 262144))
  for chunk in client:get("/encoded/br", { stream = true }):chunks() do print((chunk:gsub("\n", ","))) end

  -- Left early: by break, by an error, by close, by the end of a block, by the end of the task.
  for _ in client:get("/endless", { stream = true, name = "break" }):chunks() do break end
  try(function()
    for _ in client:get("/endless", { stream = true, name = "error" }):chunks() do error("enough", 0) end
  end)
  local left = client:get("/endless", { stream = true, name = "close" })
  left:close()
  left:close()
  for _ in left:chunks() do print("it is closed") end
  do
    local block <close> = client:get("/endless", { stream = true, name = "block" })
    print(block.status_code)
  end
  client:get("/endless", { stream = true, name = "task" })

  response = client:get("/truncated", { stream = true })
  for chunk in response:chunks() do print(chunk) end
  print(response.status_code .. " " .. response.error.kind .. " " .. response.size)

  for _, path in ipairs { "/drip", "/endless" } do
    local judged <close> = client:get(path, { stream = true, catch_response = true, name = "judged" })
    for _ in judged:chunks() do break end
    judged:failure("as I said")
  end
  client:get("/drip", { stream = true, name = "closure" }, function(r)
    for _ in r:chunks() do end
    if r.size ~= 6 then r:failure("wrong size") end
  end)
  try(function() return response.text end) --@text
  try(function() return response:json() end) --@json
  try(function() client:get("/x", { stream = true, discard_body = true }) end) --@both
  try(function() client:get("/drip"):chunks() end) --@kept
  for _, item in ipairs(http.batch { { "/drip", stream = true }, { "/drip", stream = true } }) do
    local n = 0
    for _ in item:chunks() do n = n + 1 end
    check("streams of a batch", n > 0)
  end
end)
