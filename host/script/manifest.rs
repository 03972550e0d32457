//! What a script declares, as data: the runtime walks it, functions stay in the
//! VM. Made by the engines, used by `run` and `app`.

use crate::config::ScriptOptions;
use crate::load::Wait;

#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Every class that is not abstract and has a task, in the order of their definition.
    pub classes: Vec<Class>,
    pub options: ScriptOptions,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub name: String,
    pub weight: f64,
    /// Exactly so many users of this class, before weights count. 0: no fixed count.
    pub fixed_count: u32,
    pub host: Option<String>,
    pub wait_time: WaitTime,
    pub tasks: Vec<Task>,
    pub has_on_start: bool,
    pub has_on_stop: bool,
    /// It descends from `HttpUser`, so it needs a host.
    pub http: bool,
    /// `file:line` of its definition.
    pub place: String,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub name: String,
    pub weight: u32,
    pub tags: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum WaitTime {
    /// Computed by the host.
    Built(Wait),
    /// The class's own function.
    Function,
}
