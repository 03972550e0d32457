-- What fails: statuses with details, judged by the script; and connections, which never raise.
--
--   cargo run -- --script examples/27_grpc_errors.lua
options { users = 1, iterations = 1 }

local Errors = GrpcUser:extend("Errors")

local GET = "documents.v1beta.DocumentService/GetDocument"

Errors:task("what fails", function(self)
  -- A status that is expected: the closure says so, else it would count as a failure.
  local reply = self.grpc:call(GET, { collection = "none", uri = "nothing" }, { name = "missing" }, function(r)
    if r.status == grpc.NOT_FOUND then r:success() else r:failure("it is there") end
  end)
  local detail = reply.error.details[1]
  check("the details say why", detail.reason == "DOCUMENT_NOT_FOUND" and detail.metadata.uri == "nothing")

  -- A server that is not there: the error says so, and the script goes on.
  local nobody = grpc.client("127.0.0.1:1", { proto = "documents/v1beta/document_service.proto", import_paths = "proto" })
  local none = nobody:call(GET, {}, { name = "nobody", catch_response = true })
  check("nobody is there", none.status == grpc.UNAVAILABLE and none.error.kind == "connect")
  none:ignore()

  -- What does not fit a message raises before it is sent, and says where.
  local ok, why = pcall(self.grpc.call, self.grpc, GET, { collection = 1 })
  check("the field is named", not ok and why:find("`collection` must be a string", 1, true) ~= nil)
end)
