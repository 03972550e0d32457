-- json(path): names and places (from 0) joined by dots.
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local at = "/v1beta/collections/" .. uuid.hex() .. "/documents"
  local response = self.client:post(at, { name = "documents", json = { document = { uri = "a", fields = {
    list = { { id = 9007199254740993 }, { id = "x" } }, ["5"] = "five", empty = json.array {}, none = json.null, flag = false,
  } } } })
  print(response:json("document.uri"))
  print(response:json("document.version"))
  print(response:json("document.fields.list.0.id"))
  print(response:json("document.fields.list.1.id"))
  print(tostring(response:json("document.fields.list.2.id")))
  print(response:json("document.fields.5"))
  print(#response:json("document.fields.empty"))
  print(tostring(response:json("document.fields.none") == json.null))
  print(tostring(response:json("document.fields.flag")))
  print(tostring(response:json("documents.uri")))
  print(tostring(response:json("").document.uri))
  local page = self.client:get(at .. "/a/history", { name = "history" })
  print(page:json("documents.0.version") .. " of " .. #page:json("documents"))
  print(select(2, pcall(page.json, page, 5)))
end)
