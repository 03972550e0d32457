-- Judging responses: what counts as a failure is the script's to say.
--
--   cargo run -- --script examples/03_judge_responses.lua
--
-- By default a request fails on a status of 400 or above, or without an answer. With
-- `catch_response`, or with a closure, the script decides. Nothing here counts as a failure.
options { iterations = 3 }

local Judge = HttpUser:extend("Judge")

Judge:task("expect_absence", function(self)
  local path = "/v1beta/collections/judged/documents/" .. uuid.hex()

  -- `<close>` settles the response at the end of its block, whatever happens in between: one that
  -- was neither a success nor a failure by then is judged by its status, as always.
  do
    local response <close> = self.client:get(path, { name = "absent document", catch_response = true })
    if response.status_code == 404 then
      response:success()
    else
      response:failure("expected 404, got " .. response.status_code)
    end
  end

  -- A closure does the same, and is the shorter form for one condition.
  self.client:get(path .. "/history", { name = "absent history" }, function(response)
    if response.status_code == 404 then response:success() end
  end)

  -- What is no part of the measurement is not counted at all.
  self.client:delete(path, { name = "cleanup" }, function(response) response:ignore() end)
end)
