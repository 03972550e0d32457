//! What servers of gRPC reply that is not what they promise, or that nobody waits for, through the command.

use crate::support::project::Project;
use crate::support::rpc::{PROTO, Servers};

const LUA: &str = r#"
local U = GrpcUser:extend("U", { host = env.PLAIN, grpc_options = { proto = "t.proto" } })
events.request:add_listener(function(e) print("counted", e.name, e.exception or "ok") end)
events.request:add_listener(function(e) if e.name == "Once" then print("messages", e.messages_sent, e.messages_received) end end)
U:task("t", function(self)
  for _, method in ipairs { "Garbage", "Text" } do
    local reply = self.grpc:call("t.T/" .. method, {}, { name = method })
    print(method, reply.ok, reply.status_name, reply.error.kind, reply.message)
  end
  local spoilt = self.grpc:stream("t.T/Spoil", { name = "Spoil" })
  print(spoilt:send {}, spoilt:send {})
  print(spoilt:recv().text, spoilt:recv())
  print("Spoil", spoilt.status_name, spoilt.error.kind)
  local refused = self.grpc:stream("t.T/Abort", { name = "Abort" })
  while refused:send {} do sleep(0.01) end
  print("Abort", refused.open, refused.status_name)
  refused:close()
  print("closed", refused.status_name)
  local unheard = self.grpc:stream("t.T/Abort", { name = "unheard" })
  sleep(1.0)
  unheard:close()
  local once = self.grpc:stream("t.T/Once", { name = "Once" })
  once:send {}
  once:close_send()
  print(once:recv().text, once.open, once.status_name, once:recv())
  local twice = self.grpc:stream("t.T/Twice", { name = "Twice" })
  twice:close_send()
  print(twice:recv())
  local early = self.grpc:stream("t.T/Once", { name = "early", catch_response = true })
  early:failure("known before")
  print("judged")
  print(pcall(early.success, early) == false)
  early:close_send()
  early:recv()
end)
"#;

const RHAI: &str = r#"
let U = GrpcUser.extend("U", #{ host: env.PLAIN, grpc_options: #{ proto: "t.proto" } });
events.request.add_listener(|e| print("counted", e.name, if e.exception == () { "ok" } else { e.exception }));
events.request.add_listener(|e| if e.name == "Once" { print("messages", e.messages_sent, e.messages_received); });
fn shown(value) { if value == () { "nil" } else { value } }
U.task("t", || {
  for method in ["Garbage", "Text"] {
    let reply = this.grpc.call("t.T/" + method, #{}, #{ name: method });
    print(method, reply.ok, reply.status_name, reply.error.kind, shown(reply.message));
  }
  let spoilt = this.grpc.stream("t.T/Spoil", #{ name: "Spoil" });
  let first = spoilt.send(#{});
  print(first, spoilt.send(#{}));
  let text = spoilt.recv().text;
  print(text, "nil", spoilt.recv()[1]);
  print("Spoil", spoilt.status_name, spoilt.error.kind);
  let refused = this.grpc.stream("t.T/Abort", #{ name: "Abort" });
  while refused.send(#{}) { sleep(0.01); }
  print("Abort", refused.open, refused.status_name);
  refused.close();
  print("closed", refused.status_name);
  let unheard = this.grpc.stream("t.T/Abort", #{ name: "unheard" });
  sleep(1.0);
  unheard.close();
  let once = this.grpc.stream("t.T/Once", #{ name: "Once" });
  once.send(#{});
  once.close_send();
  let text = once.recv().text;
  print(text, once.open, once.status_name, "nil", once.recv()[1]);
  let twice = this.grpc.stream("t.T/Twice", #{ name: "Twice" });
  twice.close_send();
  print("nil", twice.recv()[1]);
  let early = this.grpc.stream("t.T/Once", #{ name: "early", catch_response: true });
  early.failure("known before");
  print("judged");
  let again = false;
  try { early.success(); } catch { again = true; }
  print(again);
  early.close_send();
  early.recv();
});
"#;

const SAID: [&str; 20] = [
    "counted Garbage INTERNAL: what the server sent is no t.M: it ends within a number",
    "Garbage false INTERNAL protocol nil",
    "counted Text INTERNAL: what the server sent is no t.M: a string in it is not valid UTF-8",
    "Text false INTERNAL protocol nil",
    "true false",
    "counted Spoil INTERNAL: what the server sent is no t.M: it ends within a number",
    "connection 1 nil closed",
    "Spoil INTERNAL protocol",
    "counted Abort ABORTED",
    "Abort false ABORTED",
    "closed ABORTED",
    "counted unheard ABORTED",
    "counted Once ok",
    "messages 1 1",
    "connection 1 false OK nil closed",
    "counted Twice INTERNAL: the server sent a second message where its method replies with one",
    "nil closed",
    "judged",
    "true",
    "counted early known before",
];

/// A reply that is no message of its method is a failure, and raises nowhere; the status of a stream is the server's
/// wherever it has said one, and counts once the stream has ended.
fn replies(script: &str, text: &str) {
    let servers = Servers::start();
    let project = Project::new(&[(script, text), ("t.proto", PROTO)]);
    let ended = project.run(&format!("-f {script} -u 1 -i 1 -e PLAIN={}", servers.plain));
    let said = ended.said();
    assert_eq!(said, SAID, "\n{}\n{}", ended.err, ended.out);
    ended.code(1);
}

#[test]
fn broken_replies_and_early_ends_are_failures() {
    replies("s.lua", LUA);
}

#[test]
fn broken_replies_and_early_ends_are_failures_in_rhai() {
    replies("s.rhai", RHAI);
}
