//! `events`, `setup` and `teardown`: functions that scripts leave for an occasion,
//! and the tables that they get. Called by `script` to make those tables.

use serde_json::Value;

use crate::vu::{Happened, Hook};

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{Field, HostFn, Member, MemberKind, Module, ObjectType, Record};

/// Something that happens to the run as a whole, in the control VM.
#[derive(Clone, Copy, Debug)]
pub enum Occasion {
    Init { environment: &'static Value },
    TestStart { environment: &'static Value },
    SpawningComplete { environment: &'static Value, users: u64 },
    TestStop { environment: &'static Value },
    Quitting { environment: &'static Value, exit_code: u8 },
}

impl Occasion {
    pub fn hook(&self) -> Hook {
        match self {
            Occasion::Init { .. } => Hook::Init,
            Occasion::TestStart { .. } => Hook::TestStart,
            Occasion::SpawningComplete { .. } => Hook::SpawningComplete,
            Occasion::TestStop { .. } => Hook::TestStop,
            Occasion::Quitting { .. } => Hook::Quitting,
        }
    }

    /// Returns the table that its listeners get.
    pub fn give(&self, frame: &dyn Frame) -> HostResult {
        let (environment, own) = match *self {
            Occasion::Init { environment }
            | Occasion::TestStart { environment }
            | Occasion::TestStop { environment } => (environment, None),
            Occasion::SpawningComplete { environment, users } => {
                (environment, Some(("user_count", Arg::Int(users as i64))))
            }
            Occasion::Quitting { environment, exit_code } => {
                (environment, Some(("exit_code", Arg::Int(exit_code.into()))))
            }
        };
        frame.give_map(&mut |put| {
            put("environment", Arg::View(environment));
            own.iter().for_each(|(name, value)| put(name, *value));
            Ok(())
        })
    }
}

/// Returns the table that listeners in a VU's VM get.
pub fn give_happened(frame: &dyn Frame, happened: &Happened) -> HostResult {
    match happened {
        Happened::Request(done) => frame.give_map(&mut |put| {
            put("request_type", Arg::Str(done.method.as_bytes()));
            put("name", Arg::Str(done.name.as_bytes()));
            put("url", Arg::Str(done.url.as_bytes()));
            put("response_time", Arg::Num(done.response_time.as_secs_f64() * 1000.0));
            put("response_length", Arg::Int(done.response_length as i64));
            put("status_code", Arg::Int(done.status_code.into()));
            put("start_time", Arg::Num(done.start_time));
            if let Some(rpc) = &done.rpc {
                put("status_name", Arg::Str(rpc.status_name.as_bytes()));
                put("messages_sent", Arg::Int(rpc.counts.0 as i64));
                put("messages_received", Arg::Int(rpc.counts.1 as i64));
            }
            if let Some(exception) = &done.exception {
                put("exception", Arg::Str(exception.as_bytes()));
            }
            Ok(())
        }),
        Happened::UserError { message, traceback } => frame.give_map(&mut |put| {
            put("exception", Arg::Str(message.as_bytes()));
            put("traceback", Arg::Str(traceback.as_bytes()));
            put("user_class", Arg::Str(frame.vu().class.as_bytes()));
            put("user_id", Arg::Int(frame.vu().id as i64));
            Ok(())
        }),
    }
}

pub(super) static MODULE: Module = Module {
    name: "events",
    doc: "What happens in a run, for listeners. `init`, `test_start`, `spawning_complete`, `test_stop` and `quitting` \
          are called in a VM of their own, beside those of the users; `request` and `user_error` in the VM of the \
          user to whom it happens. A listener that raises is counted as an exception, and the others are called all \
          the same, in a new VM where one exceeded the CPU budget or the memory limit; but if one of `init` raises, \
          nothing runs (exit code 107). After `test.abort` in `init` there is no `test_start`, and no `test_stop` \
          either. Listeners of the run are added at the top level of a script.",
    value: Some(|frame| {
        frame.give(Arg::Object(&EVENTS, 0));
        Ok(())
    }),
    sig: "Events",
    ..Module::EMPTY
};

macro_rules! event {
    ($name:literal, $hook:ident, $doc:literal) => {
        Member {
            name: $name,
            sig: "EventHook",
            doc: $doc,
            kind: MemberKind::Field(|frame, _| {
                frame.give(Arg::Object(&EVENT, Hook::$hook as u64));
                Ok(())
            }),
        }
    };
}

/// `events`.
pub(super) static EVENTS: ObjectType = ObjectType {
    name: "Events",
    doc: "The events of a run, in the order in which they happen.",
    members: &[
        event!("init", Init, "Before everything else. Gets an `InitEvent`."),
        event!("test_start", TestStart, "Before `setup` and the first user. Gets a `TestEvent`."),
        event!(
            "spawning_complete",
            SpawningComplete,
            "The users have come, or gone, that were aimed at: once in a plain run, after each ramp with a load \
             shape. Gets a `SpawningCompleteEvent`."
        ),
        event!("request", Request, "A request was counted. Gets a `RequestEvent`."),
        event!("user_error", UserError, "A task, `on_start` or the like raised. Gets a `UserErrorEvent`."),
        event!("test_stop", TestStop, "After the last user and `teardown`. Gets a `TestEvent`."),
        event!("quitting", Quitting, "After everything else. Gets a `QuittingEvent`."),
    ],
    close: None,
    lookup: None,
    entries: None,
    items: None,
    keeps: false,
};

/// A member of `events`; its number is that of its hook.
pub(super) static EVENT: ObjectType = ObjectType {
    name: "EventHook",
    doc: "An event that can be listened to.",
    members: &[Member {
        name: "add_listener",
        sig: "(listener: fun(event: table))",
        doc: "Has a function called each time the event happens; in the order in which they were added.",
        kind: MemberKind::Method(add_listener),
    }],
    close: None,
    lookup: None,
    entries: None,
    items: None,
    keeps: false,
};

const HOOKS: [Hook; 7] = [
    Hook::Init,
    Hook::TestStart,
    Hook::SpawningComplete,
    Hook::TestStop,
    Hook::Quitting,
    Hook::Request,
    Hook::UserError,
];

fn add_listener(frame: &dyn Frame, number: u64) -> HostResult {
    let Some(hook) = HOOKS.into_iter().find(|hook| *hook as u64 == number) else { return Ok(()) };
    leave(frame, hook, "a listener")
}

/// Leaves the function that is argument 0 for `hook`.
fn leave(frame: &dyn Frame, hook: Hook, what: &str) -> HostResult {
    let function = match frame.arg(0) {
        Arg::Function(function) => function,
        other => return Err(wrong(what, "a function", other)),
    };
    let vu = frame.vu();
    // Only VMs without a user have a part in what is called once a run.
    if !hook.is_of_vu() && vu.id != 0 {
        if frame.loading() {
            return Ok(());
        }
        let what =
            format!("`{}` is for the top level of a script, not for users while they run", hook.name());
        return Err(Raise::new(what));
    }
    frame.keep(hook, function);
    vu.hooks.set(vu.hooks.get().with(hook));
    Ok(())
}

pub(super) static FUNCTIONS: Module = Module {
    functions: &[
        HostFn {
            name: "setup",
            sig: "(setup: fun(): any)",
            doc: "Has a function run once, before the first user. What it returns, as JSON would carry it, is \
                  `self.data` of every user, read-only. Its requests are counted as any other. If it raises, there \
                  are no users (exit code 107). At a script's top level, once.",
            run: |frame| once(frame, Hook::Setup),
        },
        HostFn {
            name: "teardown",
            sig: "(teardown: fun(data: any))",
            doc: "Has a function run once, after the last user, with what `setup` returned; not where `setup` did \
                  not come to its end. At a script's top level, once.",
            run: |frame| once(frame, Hook::Teardown),
        },
    ],
    ..Module::EMPTY
};

fn once(frame: &dyn Frame, hook: Hook) -> HostResult {
    let name = hook.name();
    if !frame.loading() {
        return Err(Raise::new(format!(
            "`{name}` is called at the top level of a script, not while it runs"
        )));
    }
    if frame.vu().hooks.get().contains(hook) {
        return Err(Raise::new(format!("`{name}` is given already: a run has one")));
    }
    leave(frame, hook, name)
}

const ABOUT: Field =
    Field { name: "environment", sig: "EnvironmentInfo", doc: "What runs, and where. Read-only." };

pub(super) static INIT_EVENT: Record =
    Record { name: "InitEvent", doc: "What listeners of `events.init` get.", given: false, fields: &[ABOUT] };

pub(super) static TEST_EVENT: Record = Record {
    name: "TestEvent",
    doc: "What listeners of `events.test_start` and `events.test_stop` get.",
    given: false,
    fields: &[ABOUT],
};

pub(super) static SPAWNING_COMPLETE_EVENT: Record = Record {
    name: "SpawningCompleteEvent",
    doc: "What listeners of `events.spawning_complete` get.",
    given: false,
    fields: &[ABOUT, Field { name: "user_count", sig: "integer", doc: "How many users there are now." }],
};

pub(super) static QUITTING_EVENT: Record = Record {
    name: "QuittingEvent",
    doc: "What listeners of `events.quitting` get.",
    given: false,
    fields: &[
        ABOUT,
        Field {
            name: "exit_code",
            sig: "integer",
            doc: "What the process will exit with, unless a listener or an output fails.",
        },
    ],
};

pub(super) static ENVIRONMENT: Record = Record {
    name: "EnvironmentInfo",
    doc: "What runs, and where. The environment file itself is `config`.",
    given: false,
    fields: &[
        Field { name: "name", sig: "string", doc: "The environment, such as `local`." },
        Field { name: "host", sig: "string?", doc: "The base URL, where there is one." },
        Field { name: "scripts", sig: "string[]", doc: "The scripts." },
        Field { name: "user_classes", sig: "string[]", doc: "The classes that run." },
        Field { name: "shape_class", sig: "string?", doc: "The load shape, where there is one." },
        Field { name: "users", sig: "integer?", doc: "Users aimed at, without a load shape." },
        Field { name: "spawn_rate", sig: "number?", doc: "Users per second, without a load shape." },
        Field {
            name: "run_time",
            sig: "number?",
            doc: "Seconds after which the run ends, if it was limited.",
        },
        Field { name: "seed", sig: "integer", doc: "The run's seed." },
    ],
};

pub(super) static REQUEST_EVENT: Record = Record {
    name: "RequestEvent",
    doc: "What listeners of `events.request` get, right after the request was counted. Requests that a listener sends \
          itself are counted, but not told to listeners.",
    given: false,
    fields: &[
        Field {
            name: "request_type",
            sig: "string",
            doc: "The method: `GET` and the like; `grpc` for calls and streams of gRPC.",
        },
        Field { name: "name", sig: "string", doc: "What it counts under." },
        Field { name: "url", sig: "string", doc: "The URL that answered last, without credentials." },
        Field { name: "response_time", sig: "number", doc: "Milliseconds." },
        Field {
            name: "response_length",
            sig: "integer",
            doc: "Bytes of the body, or of the messages that came.",
        },
        Field {
            name: "status_code",
            sig: "integer",
            doc: "The status; 0 where nothing whole came back. Of gRPC its status, whose 0 is OK.",
        },
        Field { name: "status_name", sig: "string?", doc: "Of gRPC: the name of the status." },
        Field { name: "messages_sent", sig: "integer?", doc: "Of gRPC: messages sent." },
        Field { name: "messages_received", sig: "integer?", doc: "Of gRPC: messages received." },
        Field { name: "start_time", sig: "number", doc: "When it began: seconds since 1970." },
        Field { name: "exception", sig: "string?", doc: "Why it counts as failed; nil for success." },
    ],
};

pub(super) static USER_ERROR_EVENT: Record = Record {
    name: "UserErrorEvent",
    doc: "What listeners of `events.user_error` get.",
    given: false,
    fields: &[
        Field { name: "exception", sig: "string", doc: "The message, with its place." },
        Field { name: "traceback", sig: "string", doc: "The script's stack, one line each." },
        Field { name: "user_class", sig: "string", doc: "The class of the user." },
        Field { name: "user_id", sig: "integer", doc: "Its number, as `vu.id`." },
    ],
};
