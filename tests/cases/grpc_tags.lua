-- flags: -u 1 -i 2
-- Thresholds choose among calls and streams by what they are and by tags; the statistics do not show those apart. Those of
-- a trend without samples cannot be judged.
local S = "documents.v1beta.DocumentService/"
options { thresholds = {
  grpc_req_duration = "min>0",
  ["grpc_req_duration{name:get}"] = "min>0",
  ["grpc_req_duration{method:GetDocument}"] = "min>0",
  ["grpc_req_duration{method:CreateDocument}"] = "min>0",
  ["grpc_req_duration{service:none}"] = "min>0",
  ["grpc_req_duration{status:5}"] = "min>0",
  ["grpc_req_duration{status:5,step:b}"] = "min>0",
  ["grpc_req_duration{step:a}"] = "min>0",
  ["grpc_req_duration{size:1,group:inner}"] = "min>0",
  ["grpc_req_duration{method:mine}"] = "min>0",
  grpc_req_failed = { "rate>0.16", "rate<0.17" },
  ["grpc_req_failed{name:get,status:5}"] = "rate==0.5",
  ["grpc_req_failed{rpc_type:client_streaming}"] = "rate==0",
  ["grpc_req_duration{rpc_type:unary}"] = "min>0",
  ["grpc_streams{name:import}"] = "count==2",
  ["grpc_streams_msgs_sent{method:ImportDocuments}"] = "count==4",
  ["grpc_streams_msgs_received{step:b}"] = "count==2",
} }
local U = GrpcUser:extend("U", { host = env.GRPC })
U:task("work", function(self)
  local c = uuid()
  self.grpc:call(S .. "CreateDocument", { collection = c, document = { uri = "a" } }, { tags = { step = "a", method = "mine" } })
  self.grpc:call(S .. "CreateDocument", { collection = c, document = { uri = "b" } })
  group("inner", function()
    self.grpc:call(S .. "GetDocument", { collection = c, uri = "a" }, { name = "get", tags = { size = 1 } })
  end)
  self.grpc:call(S .. "GetDocument", { collection = c, uri = "none" }, { name = "get" }, function(reply) reply:success() end)
  self.grpc:call(S .. "GetDocument", { collection = c, uri = "none" }, { name = "get" }, function(reply) reply:failure("missing") end)
  local import = self.grpc:stream(S .. "ImportDocuments", { name = "import", tags = { step = "b" } })
  for _, uri in ipairs { "c", "d" } do import:send { collection = c, document = { uri = uri } } end
  import:close_send()
  print(import:recv().imported, import:recv())
end)
