-- Listeners hear of calls; checks and groups hold for them as for requests.
local S = "documents.v1beta.DocumentService/"
events.request:add_listener(function(event)
  print(event.request_type, event.name, event.status_code, event.exception, (event.url:gsub("//[^/]+", "//")))
end)
local U = GrpcUser:extend("U", { host = env.GRPC })
U:task("work", function(self)
  group("documents", function()
    local reply = self.grpc:call(S .. "DeleteDocument", { collection = "none", uri = "x" })
    check(reply, { ["it is not there"] = function(r) return r.status == grpc.NOT_FOUND end })
  end)
end)
