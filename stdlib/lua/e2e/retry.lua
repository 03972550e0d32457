-- Tries until it works: `local retry = require("e2e.retry")`.
--
--   local document = retry(5, 0.2, function()
--     local response = self.client:get(path)
--     return response.ok and response:json()
--   end)
--
-- Calls `try` up to `attempts` times, `pause` seconds apart, and returns its first
-- result that is neither nil nor false; nil if there was none. Errors are not caught.
return function(attempts, pause, try)
  for attempt = 1, attempts do
    local result = try(attempt)
    if result then return result end
    if attempt < attempts then sleep(pause) end
  end
  return nil
end
