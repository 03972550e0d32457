//! What scripts send over gRPC and see of it again, from a server that sends back what it gets, through the command.

use crate::support::project::Project;
use crate::support::rpc::Servers;

const PROTO: &str = "syntax = \"proto3\";
package t;
import \"google/protobuf/duration.proto\";
import \"google/protobuf/struct.proto\";
import \"google/protobuf/timestamp.proto\";
import \"closed.proto\";
message Part { string name = 1; }
message All {
  map<int32, string> names = 1;
  map<bool, int32> truths = 2;
  google.protobuf.Value value = 3;
  oneof one { google.protobuf.NullValue nothing = 4; string something = 5; }
  google.protobuf.Timestamp at = 6;
  google.protobuf.Duration span = 7;
  old.Closed closed = 8;
  repeated Part parts = 9;
  repeated int32 numbers = 10;
  map<uint64, string> large = 11;
}
service T { rpc Mirror(All) returns (All); rpc Once(stream All) returns (All); }
";

const CLOSED: &str = "syntax = \"proto2\";
package old;
enum Kind { ONE = 1; TWO = 2; }
message Closed { optional Kind kind = 1; }
";

const LUA: &str = r#"
local U = GrpcUser:extend("U", { host = env.PLAIN, grpc_options = { proto = "all.proto" } })
events.request:add_listener(function(e)
  print("counted", e.name, e.status_code, e.status_name, ("[%d,%d]"):format(e.messages_sent, e.messages_received))
end)
U:task("t", function(self)
  local function mirror(message) return self.grpc:call("t.T/Mirror", message, { name = "m" }) end
  local function refused(message) print((select(2, pcall(mirror, message)):gsub("^.-: cannot", "cannot"))) end
  local reply = mirror { names = { "a", "b" }, value = json.null, nothing = json.null }
  print(json.encode { reply.message.names }, reply.message.value == json.null, reply.message.nothing == json.null)
  local again = mirror(reply.message).message
  print(again.value == json.null, again.nothing == json.null, again.names[2])
  print(json.encode { mirror { names = { [7] = "g" } }.message.names, mirror { truths = { [true] = 1 } }.message.truths })
  print(json.encode { mirror { large = { ["18446744073709551615"] = "most" } }.message.large, mirror {}.message.names })
  print(reply.trailers.a, #reply.trailers["b-bin"], reply.trailers["b-bin"][2], #reply.trailers["c-bin"])
  print(reply.trailers["grpc-status"])
  refused { names = { [5] = "a", ["5"] = "b" } }
  refused { names = { ["05"] = "a" } }
  refused { closed = { kind = 3 } }
  refused { parts = { {}, { name = 1 } } }
  refused { numbers = { 1, "x" } }
  print(mirror { closed = { kind = 2 }, span = { seconds = -1, nanos = -5 } }.message.span)
  local streams = {}
  for number = 1, 100 do streams[number] = self.grpc:stream("t.T/Once", { name = "many", catch_response = true }) end
  print(streams[1].open, streams[100].open)
  for _, stream in ipairs(streams) do stream:ignore() stream:close() end
end)
"#;

const RHAI: &str = r#"
let U = GrpcUser.extend("U", #{ host: env.PLAIN, grpc_options: #{ proto: "all.proto" } });
events.request.add_listener(|e| print("counted", e.name, e.status_code, e.status_name, [e.messages_sent, e.messages_received]));
U.task("t", || {
  let client = this.grpc;
  let mirror = |message| client.call("t.T/Mirror", message, #{ name: "m" });
  let refused = |message| { try { mirror.call(message); } catch (why) { print(why); } };
  let reply = mirror.call(#{ names: #{ "1": "a", "2": "b" }, value: (), nothing: () });
  print(json.encode([reply.message.names]), "value" in reply.message, "nothing" in reply.message);
  let again = mirror.call(reply.message).message;
  print("value" in again, "nothing" in again, again.names["2"]);
  print(json.encode([mirror.call(#{ names: #{ "7": "g" } }).message.names, mirror.call(#{ truths: #{ "true": 1 } }).message.truths]));
  print(json.encode([mirror.call(#{ large: #{ "18446744073709551615": "most" } }).message.large, mirror.call(#{}).message.names]));
  print(reply.trailers.a, reply.trailers["b-bin"].len(), reply.trailers["b-bin"][1], reply.trailers["c-bin"].len());
  print(if "grpc-status" in reply.trailers { "there" } else { "nil" });
  print("cannot send t.All: `names`: a key of it is given twice, as a text and as what the text says");
  refused.call(#{ names: #{ "05": "a" } });
  refused.call(#{ closed: #{ kind: 3 } });
  refused.call(#{ parts: [#{}, #{ name: 1 }] });
  refused.call(#{ numbers: [1, "x"] });
  print(mirror.call(#{ closed: #{ kind: 2 }, span: #{ seconds: -1, nanos: -5 } }).message.span);
  let streams = [];
  for number in 0..100 { streams.push(this.grpc.stream("t.T/Once", #{ name: "many", catch_response: true })); }
  print(streams[0].open, streams[99].open);
  for stream in streams { stream.ignore(); stream.close(); }
});
"#;

/// That succeed.
const CALLS: usize = 7;

const COUNTED: &str = "counted m 0 OK [1,1]";

/// `first`: what lists begin with.
fn said(first: usize) -> Vec<String> {
    let path = |index: usize| index + first;
    let refused = [
        "`names`: a key of it is given twice, as a text and as what the text says".to_owned(),
        "`names[\"05\"]`: \"05\" is no decimal 64-bit integer".to_owned(),
        "`closed.kind`: 3 is no value of old.Kind, which is closed (proto2)".to_owned(),
        format!("`parts[{}].name` must be a string, not a number", path(1)),
        format!("`numbers[{}]`: \"x\" is no decimal 64-bit integer", path(1)),
    ];
    let lines = [
        "[{\"1\":\"a\",\"2\":\"b\"}] true true",
        "true true b",
        "[{\"7\":\"g\"},{\"true\":1}]",
        "[{\"18446744073709551615\":\"most\"},{}]",
        "1,2 3 , 1",
        "nil",
    ];
    let refused = refused.iter().map(|why| format!("cannot send t.All: {why}"));
    let last = ["-1.000000005s".to_owned(), "true true".to_owned()];
    lines.into_iter().map(str::to_owned).chain(refused).chain(last).collect()
}

fn mirrored(script: &str, text: &str, first: usize) {
    let servers = Servers::start();
    let project = Project::new(&[(script, text), ("all.proto", PROTO), ("closed.proto", CLOSED)]);
    let ended = project.run(&format!("-f {script} -u 1 -i 1 -e PLAIN={}", servers.plain));
    let (counted, found): (Vec<_>, Vec<_>) =
        ended.said().into_iter().partition(|line| line.starts_with("counted"));
    assert_eq!(found, said(first), "\n{}\n{}", ended.err, ended.out);
    assert!(counted.len() == CALLS && counted.iter().all(|line| line == COUNTED), "{counted:?}");
    ended.code(0);
}

#[test]
fn messages_come_back_as_they_were_sent() {
    mirrored("s.lua", LUA, 1);
}

#[test]
fn messages_come_back_as_they_were_sent_in_rhai() {
    mirrored("s.rhai", RHAI, 0);
}
