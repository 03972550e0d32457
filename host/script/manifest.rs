//! What a script declares, as data: the runtime walks it, functions stay in the
//! VM. Made by the engines, used by `run` and `app`.

use std::time::Duration;

use crate::api::Wanted;
use crate::config::ScriptOptions;
use crate::fault::Place;
use crate::load::Wait;
use crate::metrics;
use crate::vu::{Hook, Hooks};

#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Every class that is not abstract and has a task, in the order of their definition.
    pub classes: Vec<Class>,
    pub options: ScriptOptions,
    /// Every load shape that is not abstract.
    pub shapes: Vec<Shape>,
    /// What functions were left for.
    pub hooks: Hooks,
    /// Where those functions stand, as far as the language can tell.
    pub places: Vec<(Hook, String)>,
    /// The metrics that were declared at the top level.
    pub metrics: Vec<(String, metrics::Kind)>,
    /// The functions of the top level, which scenarios can name instead of a class.
    pub functions: Vec<Function>,
}

impl Manifest {
    /// When the stages of the load shape are over, where there is one, and has stages.
    pub fn shape_ends(&self) -> Option<Duration> {
        let [Shape { form: ShapeForm::Stages(stages), .. }] = &self.shapes[..] else { return None };
        Some(stages.iter().map(|(lasts, _)| *lasts).sum())
    }
}

/// A function that anybody can name.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// `file:line` of its definition.
    pub place: String,
}

impl Function {
    /// Users that do nothing but call it, one time after the other. They have a client, as those of
    /// `HttpUser` have; without a host it takes absolute URLs alone.
    pub fn class(self) -> Class {
        let task = Task { name: self.name.clone(), weight: 1, ..Task::default() };
        Class {
            name: self.name,
            weight: 1.0,
            fixed_count: 0,
            host: None,
            wait_time: WaitTime::Built(Wait::None),
            tasks: vec![task],
            sets: Vec::new(),
            has_on_start: false,
            has_on_stop: false,
            http: false,
            grpc: None,
            place: self.place,
        }
    }
}

/// A load shape: how many users there are, when.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: String,
    /// Where it is defined.
    pub place: Option<Place>,
    pub form: ShapeForm,
}

#[derive(Clone, Debug)]
pub enum ShapeForm {
    /// How long each lasts, and what it asks for.
    Stages(Vec<(Duration, Wanted)>),
    /// Its own function, which is asked about every second.
    Tick,
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
    /// Every task set below it, each once: [`Target::Set`] counts in them.
    pub sets: Vec<Set>,
    pub has_on_start: bool,
    pub has_on_stop: bool,
    /// It descends from `HttpUser`, so it needs a host.
    pub http: bool,
    /// It descends from `GrpcUser`: its `grpc_options`, null where it has none.
    pub grpc: Option<serde_json::Value>,
    /// `file:line` of its definition.
    pub place: String,
}

/// A task set, as far as it does not depend on where it is nested.
#[derive(Clone, Debug)]
pub struct Set {
    pub name: String,
    pub kind: SetKind,
    /// None: that of what it is nested in.
    pub wait_time: Option<WaitTime>,
    /// Never empty.
    pub tasks: Vec<Task>,
    /// They count for all that is below it.
    pub tags: Vec<String>,
    pub has_on_start: bool,
    pub has_on_stop: bool,
    /// `file:line` of its definition.
    pub place: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// The next task is drawn by weight.
    Random,
    /// Tasks come in the order of their definition.
    Sequential,
    /// What comes next depends on the task before.
    Markov,
}

#[derive(Clone, Debug, Default)]
pub struct Task {
    pub name: String,
    pub weight: u32,
    pub tags: Vec<String>,
    pub target: Target,
    /// In a Markov set: which tasks may follow, by index, and their weights (above 0). Never empty
    /// there, and empty elsewhere.
    pub next: Vec<(usize, u32)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    #[default]
    Function,
    /// By its index in [`Class::sets`].
    Set(usize),
}

#[derive(Clone, Debug)]
pub enum WaitTime {
    /// Computed by the host.
    Built(Wait),
    /// The class's or the set's own function.
    Function,
}
