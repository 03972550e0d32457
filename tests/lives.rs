//! Connections of gRPC over their lives, through the command: servers that leave, are cut off, fall silent, or ask who
//! is there.

use crate::support::project::Project;
use crate::support::rpc::{PROTO, Servers};

const LUA: &str = r#"
local options = { proto = "t.proto", timeout = 20 }
local with = function(more)
  local all = {}
  for _, from in ipairs { options, more or {} } do
    for name, value in pairs(from) do all[name] = value end
  end
  return all
end
local U = User:extend("U")
local plain, watchful, patient, known, unknown
function U:on_start()
  plain = grpc.client(env.PLAIN, with())
  watchful = grpc.client(env.PLAIN, with { keepalive = 0.2, keepalive_timeout = 0.3 })
  patient = grpc.client(env.MUTE, with { timeout = 0.5 })
  known = grpc.client(env.MUTUAL, with { tls = { cert = "client.pem" } })
  unknown = grpc.client(env.MUTUAL, with { tls = true })
end
local function begin(client, method)
  local stream = client:stream("t.T/" .. method)
  stream:send {}
  print(method, stream:recv().text)
  return stream
end
local function rest(method, stream)
  local message, why = stream:recv()
  if message then return print(method, message.text) end
  print(method, why, stream.status_name, stream.error and stream.error.kind or "no error")
end
local function echo(name, client)
  local reply = client:call("t.T/Echo", {})
  print(name, reply.status_name, reply.ok and reply.message.text or reply.error.kind)
end
U:task("t", function(self)
  local leaving = begin(plain, "Leave")
  sleep(0.6)
  echo("meanwhile", plain)
  rest("still", leaving)
  rest("at last", leaving)
  local cut = begin(plain, "Cut")
  rest("cut off", cut)
  echo("anew", plain)
  local frozen = begin(watchful, "Freeze")
  rest("frozen", frozen)
  echo("again", watchful)
  echo("mute", patient)
  echo("known", known)
  echo("unknown", unknown)
end)
"#;

const RHAI: &str = r#"
let options = #{ proto: "t.proto", timeout: 20 };
let U = User.extend("U");
let plain = (); let watchful = (); let patient = (); let known = (); let unknown = ();
U.on_start = || {
  plain = grpc.client(env.PLAIN, options);
  watchful = grpc.client(env.PLAIN, options + #{ keepalive: 0.2, keepalive_timeout: 0.3 });
  patient = grpc.client(env.MUTE, options + #{ timeout: 0.5 });
  known = grpc.client(env.MUTUAL, options + #{ tls: #{ cert: "client.pem" } });
  unknown = grpc.client(env.MUTUAL, options + #{ tls: true });
};
fn begin(client, method) {
  let stream = client.stream("t.T/" + method);
  stream.send(#{});
  print(method, stream.recv().text);
  stream
}
fn rest(method, stream) {
  let message = stream.recv();
  if type_of(message) != "array" { print(method, message.text); return; }
  let said = message[1];
  let status = if stream.status_name == () { "nil" } else { stream.status_name };
  print(method, said, status, if stream.error == () { "no error" } else { stream.error.kind });
}
fn echo(name, client) {
  let reply = client.call("t.T/Echo", #{});
  print(name, reply.status_name, if reply.ok { reply.message.text } else { reply.error.kind });
}
U.task("t", || {
  let leaving = begin(plain, "Leave");
  sleep(0.6);
  echo("meanwhile", plain);
  rest("still", leaving);
  rest("at last", leaving);
  let cut = begin(plain, "Cut");
  rest("cut off", cut);
  echo("anew", plain);
  let frozen = begin(watchful, "Freeze");
  rest("frozen", frozen);
  echo("again", watchful);
  echo("mute", patient);
  echo("known", known);
  echo("unknown", unknown);
});
"#;

/// A server that goes away lets what has begun end, and what begins is on another connection; a connection that is cut,
/// or that nobody answers on any more, is a status, and the next call makes a new one.
fn live(script: &str, text: &str) {
    let servers = Servers::start();
    let project = Project::new(&[
        (script, text),
        ("t.proto", PROTO),
        ("ca.pem", &servers.ca),
        ("client.pem", &servers.client),
        ("config/local.yaml", "settings:\n  tls:\n    ca: ../ca.pem\n"),
    ]);
    let line = format!(
        "-f {script} -u 1 -i 1 -e PLAIN={} -e MUTE={} -e MUTUAL={}",
        servers.plain, servers.mute, servers.mutual
    );
    let ended = project.run(&line);
    let said = ended.said();
    let expected = [
        "Leave connection 1",
        "meanwhile OK connection 2",
        "still after all",
        "at last closed OK no error",
        "Cut connection 2",
        "cut off closed UNAVAILABLE closed",
        "anew OK connection 3",
        "Freeze connection 4",
        "frozen closed UNAVAILABLE closed",
        "again OK connection 5",
        "mute DEADLINE_EXCEEDED timeout",
        "known OK connection 1",
    ];
    let (last, said) = said.split_last().unwrap();
    assert_eq!(said, expected, "\n{}\n{}", ended.err, ended.out);
    // Whether the server's word or the end of its connection comes first is chance.
    assert!(["unknown UNAVAILABLE tls", "unknown UNAVAILABLE closed"].contains(&&**last), "{last}");
    ended.code(1);
}

#[test]
fn connections_end_in_many_ways() {
    live("s.lua", LUA);
}

#[test]
fn connections_end_in_many_ways_in_rhai() {
    live("s.rhai", RHAI);
}
