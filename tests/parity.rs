//! What the API's tables name is there in every language: a function or a member that is bound in one engine alone
//! fails here. Each language runs a script that is made from the tables.

use e2e::api::{MODULES, MemberKind, Module, OBJECTS, ObjectType};
use e2e::script::Language;

use crate::support::project::Project;

/// What ends the task that asks, when it is called.
const ENDS: [&str; 3] = ["abort", "stop", "sleep"];

/// Types of objects, and how a script comes to one, in Lua and in Rhai.
const MADE: [(&str, &str, &str); 11] = [
    ("Response", "self.client:get('/')", "this.client.get(\"/\")"),
    ("Headers", "self.client:get('/').headers", "this.client.get(\"/\").headers"),
    ("Cookies", "self.client.cookies", "this.client.cookies"),
    ("Vu", "vu", "vu"),
    ("Dataset", "data.csv('rows.csv')", "data.csv(\"rows.csv\")"),
    ("Counter", "metrics.counter('c')", "metrics.counter(\"c\")"),
    ("Gauge", "metrics.gauge('g')", "metrics.gauge(\"g\")"),
    ("Rate", "metrics.rate('r')", "metrics.rate(\"r\")"),
    ("Trend", "metrics.trend('t')", "metrics.trend(\"t\")"),
    ("Events", "events", "events"),
    ("EventHook", "events.request", "events.request"),
];

/// Types whose objects need a server; they are bound by the same loop.
const ELSEWHERE: [&str; 7] =
    ["Tls", "Chunks", "WebSocket", "EventSource", "GrpcClient", "GrpcReply", "GrpcStream"];

/// How a language asks whether things are there. Each question prints `lacks NAME` where they are not.
struct Asker {
    language: Language,
    head: &'static str,
    tail: &'static str,
}

const ASKERS: [Asker; 2] = [
    Asker {
        language: Language::Lua,
        head: "local U = HttpUser:extend('U')
local function look(name, get)
  local ok, found = pcall(get)
  if ok and found == 'nothing' or not ok and tostring(found):find('unknown', 1, true) then print('lacks ' .. name) end
end
local function is_function(get) return function() return type(get()) == 'function' and 1 or 'nothing' end end
U:task('t', function(self)
",
        tail: "print('asked all')\nend)\n",
    },
    Asker {
        language: Language::Rhai,
        head: "let U = HttpUser.extend(\"U\");
fn look(name, found) {
  let text = if type_of(found) == \"map\" { found.message } else { found.to_string() };
  if text.contains(\"nknown\") || text.contains(\"not found\") { print(\"lacks \" + name); }
}
U.task(\"t\", || {
",
        tail: "print(\"asked all\");\n});\n",
    },
];

impl Asker {
    fn function(&self, module: &Module, name: &str) -> String {
        let dotted = if module.name.is_empty() { name.to_owned() } else { format!("{}.{name}", module.name) };
        match self.language {
            Language::Lua => format!("look('{dotted}', is_function(function() return {dotted} end))\n"),
            Language::Rhai => {
                let mut text = String::new();
                if !module.name.is_empty() {
                    text = format!(
                        "try {{ if type_of({dotted}) != \"function\" {{ look(\"{dotted}\", \"unknown\"); }} }} catch (e) {{ look(\"{dotted}\", e); }}\n"
                    );
                }
                if !ENDS.contains(&name) {
                    let path = dotted.replace('.', "::");
                    text.push_str(&format!("try {{ {path}(); }} catch (e) {{ look(\"{path}\", e); }}\n"));
                }
                text
            }
        }
    }

    fn value(&self, path: &str) -> String {
        match self.language {
            Language::Lua => format!("look('{path}', function() return {path} end)\n"),
            Language::Rhai => format!("try {{ let x = {path}; }} catch (e) {{ look(\"{path}\", e); }}\n"),
        }
    }

    /// The members of an object.
    fn members(&self, kind: &ObjectType, (lua, rhai): (&str, &str)) -> String {
        let mut text = match self.language {
            Language::Lua => format!("do\nlocal o = {lua}\n"),
            Language::Rhai => format!("if true {{\nlet o = {rhai};\n"),
        };
        for member in kind.members {
            let shown = format!("{}.{}", kind.name, member.name);
            let name = member.name;
            let is_method = matches!(member.kind, MemberKind::Method(_));
            text.push_str(&match self.language {
                Language::Lua if is_method => {
                    format!("look('{shown}', is_function(function() return o.{name} end))\n")
                }
                Language::Lua => format!("look('{shown}', function() return o.{name} end)\n"),
                Language::Rhai => {
                    let call = if is_method && !ENDS.contains(&name) { "()" } else { "" };
                    format!("try {{ let x = o.{name}{call}; }} catch (e) {{ look(\"{shown}\", e); }}\n")
                }
            });
        }
        text + if self.language == Language::Lua { "end\n" } else { "}\n" }
    }

    fn script(&self) -> String {
        let mut text = self.head.to_owned();
        for module in MODULES {
            module.functions.iter().for_each(|function| text.push_str(&self.function(module, function.name)));
            // `null` is a word of Rhai's own, and `()` there.
            for constant in module.constants.iter().filter(|constant| constant.name != "null") {
                text.push_str(&self.value(&format!("{}.{}", module.name, constant.name)));
            }
            if !module.name.is_empty() {
                text.push_str(&self.value(module.name));
            }
            if let Some(call) = module.call.filter(|_| self.language == Language::Rhai) {
                text.push_str(&format!("try {{ {0}(); }} catch (e) {{ look(\"{0}\", e); }}\n", call.name));
            }
        }
        for kind in OBJECTS {
            if let Some((_, lua, rhai)) = MADE.iter().find(|(name, ..)| *name == kind.name) {
                text.push_str(&self.members(kind, (lua, rhai)));
            }
        }
        text + self.tail
    }
}

#[test]
fn every_language_has_all_of_the_api() {
    for asker in ASKERS {
        let name = format!("s.{}", asker.language.ending());
        let project = Project::new(&[(&name, &asker.script()), ("rows.csv", "a\n1\n")]);
        let ended = project.run(&format!("-f {name} -u 1 -i 1 --workers 1 -H http://127.0.0.1:1"));
        let said = format!("{}{}", ended.out, ended.err);
        let lacking: Vec<&str> =
            said.lines().filter_map(|line| line.split_once("lacks ")).map(|(_, what)| what).collect();
        assert!(lacking.is_empty(), "{name} lacks {lacking:?}");
        assert!(said.contains("asked all"), "{name}\n{said}");
    }
}

#[test]
fn every_type_of_object_is_asked_for() {
    for kind in OBJECTS {
        let is_made = MADE.iter().any(|(name, ..)| *name == kind.name);
        assert!(is_made || ELSEWHERE.contains(&kind.name), "no script here comes to a `{}`", kind.name);
    }
}
