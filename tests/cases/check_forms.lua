-- Checks: a table of conditions over a subject, or one by name; they return whether all held.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local response = self.client:get("/ready")
  print(check(response, {
    ["status is 200"] = function(r) return r.status_code == 200 end,
    ["has a body"] = function(r) return r.text end,
    ["a value"] = response.ok,
  }))
  print(check(response, { ["fails"] = function(r) return r.status_code == 404 end, ["holds"] = true }))
  print(check(5, { ["five"] = function(n) return n == 5 end, ["no result"] = function() end, ["nil result"] = function() return nil end }))
  print(check(nil, { ["nothing to look at"] = function(subject) return subject == nil end }))
  print(check("by name", true))
  print(check("by name", false))
  print(check("by name, nil", nil))
  print(check("by name, truthy", response.text))
  print(check({}, {}))
  print(check(self, { ["waits within"] = function(user) sleep(0.001); return user.client:get("/ready").ok end }))
  print(check("subject is a text", { ["is it"] = function(text) return text == "subject is a text" end }))
end)
