-- Files, uploads and downloads: forms with files, bodies that are sent and read piece by piece.
--
--   cargo run -- --script examples/17_files_and_streams.lua
--
-- A streamed body is never in memory as a whole, in neither direction. A streamed request counts once
-- its body is read or left, with the time to its first byte.
options { iterations = 3 }

local Archive = SequentialTaskSet:extend("Archive")

Archive:task("files", function(self)
  -- A form with a field, a content from here and a file from the disk, as a browser would send it.
  local form = self.client:post("/v1beta/uploads", {
    name = "form",
    data = { title = "Customers" },
    files = {
      note = { content = "as of today", filename = "note.txt", content_type = "text/plain" },
      list = { path = "data/customers.txt" },
    },
  })
  check("it is a form", form:json("upload.content_type"):find("multipart/form-data", 1, true) == 1)

  -- A file alone, and a body that is made while it is sent.
  self.client:post("/v1beta/uploads", { name = "file", data_file = "data/articles.csv" })
  local left = 3
  local made = self.client:post("/v1beta/uploads", {
    name = "made",
    data = function()
      left = left - 1
      return left >= 0 and ("x"):rep(1000) or nil
    end,
  })
  check("all of it arrived", made:json("upload.size") == 3000)

  -- Smaller on the wire.
  local packed =
    self.client:post("/v1beta/uploads", { name = "packed", data = ("again and "):rep(1000), compression = "gzip" })
  check("it is compressed", packed:json("upload.size") < 1000)
end)

Archive:task("export", function(self)
  local response <close> = self.client:get("/v1beta/exports/2000", { name = "export", stream = true })
  local lines = 0
  for chunk in response:chunks() do
    for _ in chunk:gmatch("\n") do lines = lines + 1 end
  end
  check("every line came", lines == 2000)

  -- Enough seen: leaving the loop closes the connection.
  for _ in self.client:get("/v1beta/exports/1000000", { name = "first lines", stream = true }):chunks() do break end

  -- Only the time and the size matter.
  local size = self.client:get("/v1beta/exports/2000", { name = "discarded", discard_body = true }).size
  check("it is counted", size == response.size)
end)

-- What a request was, to try it by hand.
Archive:task("by hand", function(self)
  self.client.cookies:set("session", "s1")
  print(self.client:get("/ready", { auth = { bearer = "token" } }):as_curl())
end)

local Archivist = HttpUser:extend("Archivist")
Archivist:task("archive", Archive)
