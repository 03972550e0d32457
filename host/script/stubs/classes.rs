//! The user classes as scripts see them. Engines make them by hand, so they are
//! described by hand; a test compares with what an engine reads.

use crate::api::{Field, HostFn, Record, SHAPE_METHODS};

/// A class that scripts extend.
#[derive(Debug)]
pub struct ClassType {
    pub name: &'static str,
    pub parent: Option<&'static str>,
    pub doc: &'static str,
    /// Of its instances, in its methods and tasks.
    pub fields: &'static [Field],
    /// What scripts may define.
    pub hooks: &'static [Field],
    /// What `extend` takes; None: what the parent's takes.
    pub attributes: Option<&'static Record>,
    pub methods: &'static [Method],
}

/// A method, called with a colon. `self` as a type is the receiver's.
#[derive(Debug)]
pub struct Method {
    pub name: &'static str,
    pub sig: &'static str,
    /// Another form of the call.
    pub short: Option<&'static str>,
    pub doc: &'static str,
}

/// The attributes that the host reads.
pub static ATTRIBUTES: Record = Record {
    name: "UserAttributes",
    doc: "Attributes of a user class; they are inherited. Further ones are the script's own, read as `self.name`; one \
          that is all but one of these is taken for a slip of the pen.",
    given: true,
    fields: &[
        Field {
            name: "wait_time",
            sig: "WaitTime|number|fun(self: User): number",
            doc: "What to wait between two tasks: `between(1, 2)` and the like, seconds, or a function that returns \
                  seconds. Without it: nothing.",
        },
        Field {
            name: "weight",
            sig: "number",
            doc: "The share of users that this class gets, relative to the other classes' (1).",
        },
        Field {
            name: "fixed_count",
            sig: "integer",
            doc: "Exactly so many users, given out before weights count (0: by weight).",
        },
        Field {
            name: "host",
            sig: "string",
            doc: "Where relative paths lead, before `--host` and `base_url`.",
        },
        Field {
            name: "grpc_options",
            sig: "GrpcOptions",
            doc: "Of a GrpcUser: how its client knows the server and connects to it.",
        },
        Field {
            name: "abstract",
            sig: "boolean",
            doc: "Only to be extended: it has no users itself. Not inherited.",
        },
        Field {
            name: "tags",
            sig: "string[]",
            doc: "Tags of all its tasks, for `--tags` and `--exclude-tags`.",
        },
        Field {
            name: "tasks",
            sig: "(fun(self: User)|TaskSet|table)[]",
            doc: "Tasks as a list: functions, task sets, or `{ target, weight }`. `Class:task` gives them names as \
                  well.",
        },
    ],
};

/// The attributes of task sets that the host reads.
pub static SET_ATTRIBUTES: Record = Record {
    name: "TaskSetAttributes",
    doc: "Attributes of a task set; they are inherited. Further ones are the script's own.",
    given: true,
    fields: &[
        Field {
            name: "wait_time",
            sig: "WaitTime|number|fun(self: TaskSet): number",
            doc: "As a user's. A set without it waits as the user does.",
        },
        Field {
            name: "abstract",
            sig: "boolean",
            doc: "Only to be extended: it cannot be a task itself. Not inherited.",
        },
        Field { name: "tags", sig: "string[]", doc: "Tags of all that is below it." },
        Field {
            name: "tasks",
            sig: "(fun(self: TaskSet)|TaskSet|table)[]",
            doc: "Tasks as a list: functions, task sets, or `{ target, weight }`.",
        },
    ],
};

/// The table that `Class:task` takes instead of a weight.
pub static TASK_OPTIONS: Record = Record {
    name: "TaskOptions",
    doc: "How often a task is chosen, and when.",
    given: true,
    fields: &[
        Field { name: "weight", sig: "integer", doc: "How often, relative to the class's other tasks (1)." },
        Field {
            name: "tags",
            sig: "string[]",
            doc: "Tags, for `--tags` and `--exclude-tags`. Those of a task set count for all within it.",
        },
        Field {
            name: "next",
            sig: "string|string[]|table<string, integer>",
            doc: "In a MarkovTaskSet, instead of a weight: the names of the tasks that may follow, and how often each \
                  does, relative to the others.",
        },
    ],
};

/// The attributes of load shapes that the host reads.
pub static SHAPE_ATTRIBUTES: Record = Record {
    name: "LoadTestShapeAttributes",
    doc: "Attributes of a load shape; they are inherited. Further ones are the script's own.",
    given: true,
    fields: &[
        Field {
            name: "stages",
            sig: "Stage[]",
            doc: "The stages of the run, one after the other; it ends with the last. A method `tick` comes before them.",
        },
        Field { name: "abstract", sig: "boolean", doc: "Only to be extended. Not inherited." },
    ],
};

const DATA: Field = Field {
    name: "data",
    sig: "any",
    doc: "What `setup` returned; read-only, one for all users. Nil without it.",
};

/// A method that engines bind from the API's tables.
const fn bound(method: &HostFn) -> Method {
    Method { name: method.name, sig: method.sig, short: None, doc: method.doc }
}

pub static CLASSES: &[ClassType] = &[
    ClassType {
        name: "User",
        parent: None,
        doc: "A kind of virtual user. Extend it and give it tasks; each user runs them in a sandbox of its own, one \
              after the other, chosen by weight. `self` is the user's own instance.",
        fields: &[DATA],
        hooks: &[
            Field {
                name: "on_start",
                sig: "fun(self: self)",
                doc: "Runs once, before the user's first task.",
            },
            Field { name: "on_stop", sig: "fun(self: self)", doc: "Runs once, when the user ends." },
        ],
        attributes: Some(&ATTRIBUTES),
        methods: &[
            Method {
                name: "extend",
                sig: "(name: string, attributes?: UserAttributes): self",
                short: None,
                doc: "Defines a class. It is run if it has a task (its own or inherited) and is not abstract, unless \
                      classes are named on the command line. At a script's top level only.",
            },
            Method {
                name: "task",
                sig: "(name: string, weight: integer|TaskOptions, task: fun(self: self)|TaskSet)",
                short: Some("(name: string, task: fun(self: self)|TaskSet)"),
                doc: "Gives the class a task, a function or a task set. One of the same name replaces an inherited one. A task that raises is \
                      counted as an exception, and the user goes on.",
            },
            Method {
                name: "stop",
                sig: "()",
                short: None,
                doc: "Ends this user once its task is done; `on_stop` runs.",
            },
        ],
    },
    ClassType {
        name: "HttpUser",
        parent: Some("User"),
        doc: "A user with an HTTP client. It needs a host: the class's, `--host`, or the environment's `base_url`.",
        fields: &[Field {
            name: "client",
            sig: "HttpClient",
            doc: "Requests over connections and with cookies of the user's own.",
        }],
        hooks: &[],
        attributes: None,
        methods: &[],
    },
    ClassType {
        name: "GrpcUser",
        parent: Some("User"),
        doc: "A user with a client of gRPC. It needs a server: the class's `host`, as `host:port`, else the environment's \
              `grpc_host`, else its `base_url`. Its `grpc_options` say how the server is known; without them it is \
              asked itself.",
        fields: &[Field { name: "grpc", sig: "GrpcClient", doc: "The user's client, made when it is used." }],
        hooks: &[],
        attributes: None,
        methods: &[],
    },
    ClassType {
        name: "TaskSet",
        parent: None,
        doc: "Tasks that belong together, to be a task of a user class or of another set. A user that comes to it goes \
              on with the set's tasks, chosen by weight, until one of them calls `interrupt`. `self` is an instance of \
              the set, new each time that it is entered.",
        fields: &[
            DATA,
            Field { name: "user", sig: "User", doc: "The user." },
            Field { name: "client", sig: "HttpClient", doc: "The user's client." },
            Field { name: "grpc", sig: "GrpcClient", doc: "The user's client of gRPC, if it is a GrpcUser." },
            Field {
                name: "parent",
                sig: "TaskSet|User",
                doc: "What the set is nested in: the instance of the set around it, or the user.",
            },
        ],
        hooks: &[
            Field {
                name: "on_start",
                sig: "fun(self: self)",
                doc: "Runs when a user enters the set. If it raises, the set is not entered.",
            },
            Field {
                name: "on_stop",
                sig: "fun(self: self)",
                doc: "Runs when a user leaves the set, also because the user ends.",
            },
        ],
        attributes: Some(&SET_ATTRIBUTES),
        methods: &[
            Method {
                name: "extend",
                sig: "(name: string, attributes?: TaskSetAttributes): self",
                short: None,
                doc: "Defines a task set. At a script's top level only.",
            },
            Method {
                name: "task",
                sig: "(name: string, weight: integer|TaskOptions, task: fun(self: self)|TaskSet)",
                short: Some("(name: string, task: fun(self: self)|TaskSet)"),
                doc: "Gives the set a task, a function or a further set. One of the same name replaces an inherited one.",
            },
            Method {
                name: "interrupt",
                sig: "(reschedule?: boolean)",
                short: None,
                doc: "Leaves the innermost set that runs, at this point of its task; its `on_stop` runs. What it is \
                      nested in takes its next task at once, or waits before if `reschedule` is false.",
            },
        ],
    },
    ClassType {
        name: "SequentialTaskSet",
        parent: Some("TaskSet"),
        doc: "A task set whose tasks come in the order of their definition, each as often in a row as its weight says, \
              and from the first again after the last.",
        fields: &[],
        hooks: &[],
        attributes: None,
        methods: &[],
    },
    ClassType {
        name: "MarkovTaskSet",
        parent: Some("TaskSet"),
        doc: "A task set whose tasks follow each other by chance: the first is the one that is defined first, and each \
              names in `next` those that may follow it: `Set:task(\"browse\", { next = { browse = 1, buy = 2 } }, \
              function(self) ... end)`.",
        fields: &[],
        hooks: &[],
        attributes: None,
        methods: &[],
    },
    ClassType {
        name: "LoadTestShape",
        parent: None,
        doc: "How many users there are, when. A script that extends it (once) takes over from `--users` and \
              `--spawn-rate`; `--run-time` still ends the run. Give it `stages`, or a method `tick`.",
        fields: &[],
        hooks: &[Field {
            name: "tick",
            sig: "fun(self: self): number?, number|string|nil, (User|string)[]?",
            doc: "Asked at the start and then each second, in a VM of its own. It returns how many users there are to \
                  be (computed numbers are rounded), how many come or go per second, and, if only some classes are \
                  to be added to, those; nil ends the run. The newest answer counts, also while users still come or \
                  go for an older one.",
        }],
        attributes: Some(&SHAPE_ATTRIBUTES),
        methods: &[
            Method {
                name: "extend",
                sig: "(name: string, attributes?: LoadTestShapeAttributes): self",
                short: None,
                doc: "Defines a load shape. A run has one that is not abstract, unless one is named on the command \
                      line. At a script's top level only.",
            },
            bound(&SHAPE_METHODS[0]),
            bound(&SHAPE_METHODS[1]),
            bound(&SHAPE_METHODS[2]),
        ],
    },
];
