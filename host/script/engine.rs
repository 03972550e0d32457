//! The three traits between the runtime and a script language. Implemented below
//! `lua`; used by `run`.

use std::rc::Rc;

use serde_json::Value;

use crate::api::{Occasion, Wanted};
use crate::fault::Fault;
use crate::vu::Vu;

use super::{Manifest, Set, Task};

/// A script language.
pub trait Engine {
    /// Compiles the scripts; once a worker.
    ///
    /// # Errors
    /// What is wrong with them, with file, line and caret.
    fn compile(&self, suite: &Suite) -> Result<Box<dyn Program>, Vec<Fault>>;
}

/// What is compiled together.
#[derive(Clone, Default)]
pub struct Suite {
    pub scripts: Vec<std::path::PathBuf>,
    /// `require` sees what lies below it, and nothing above.
    pub root: std::path::PathBuf,
    /// Most bytes that one VM may hold.
    pub memory_limit: usize,
    /// The classes that are to run, each with the place of its definition (`file:line`), once they are
    /// known: by it a class finds its language.
    pub owners: Vec<(String, String)>,
}

/// Compiled scripts, ready to be instantiated for VUs.
pub trait Program {
    /// Runs the scripts' top level in a new sandbox; on a fiber, since it is script code.
    ///
    /// # Errors
    /// When the top level raises; all that it declares wrongly.
    fn declare(&self, vu: Rc<Vu>) -> Result<Manifest, Vec<Fault>>;

    /// A sandbox of its own for a VU of class `class`; on a fiber. `tasks` are those that were
    /// declared: `Entry::Task` counts in their order, whatever order this VM defined them in.
    ///
    /// # Errors
    /// As `declare`; and when the script does not define the class this time.
    fn spawn(&self, vu: Rc<Vu>, class: &str, tasks: &[Task]) -> Result<Box<dyn Vm>, Fault>;

    /// The sandbox for what is called once a run; on a fiber. `shape` is the load shape to ask.
    ///
    /// # Errors
    /// As `spawn`.
    fn control(&self, vu: Rc<Vu>, shape: Option<&str>) -> Result<Box<dyn Control>, Fault>;
}

/// The sandbox that belongs to no VU, for what is called once a run.
pub trait Control {
    /// Calls the listeners of an event, each whatever the others do; their errors go to `raised`. It goes
    /// on behind the first `done`, and counts there those that were called: after one that broke the VM
    /// another VM can go on.
    fn fire(&mut self, occasion: &Occasion, done: &mut i64, raised: &mut Vec<Fault>) -> Outcome;

    /// Calls `setup`; what it returned as JSON, None where it returned nothing.
    ///
    /// # Errors
    /// How it ended otherwise; also where JSON cannot hold what it returned.
    fn setup(&mut self) -> Result<Option<Vec<u8>>, Outcome>;

    /// Calls `teardown` with what `setup` returned.
    fn teardown(&mut self, data: Option<&'static Value>) -> Outcome;

    /// Asks the load shape what it wants; None: the end of the run.
    ///
    /// # Errors
    /// How it ended otherwise; also where it returned something wrong.
    fn tick(&mut self) -> Result<Option<Wanted>, Outcome>;
}

/// One VU's sandbox.
pub trait Vm {
    /// Runs script code; on a fiber.
    fn call(&mut self, entry: Entry<'_>) -> Outcome;

    /// Bytes that it holds.
    fn memory(&self) -> usize;
}

/// Which function to call. A VM remembers which task sets it was told to enter.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// The user's.
    OnStart,
    /// By its index in the tasks of the innermost set (in no set: in `Class::tasks`).
    Task(usize),
    /// Makes an instance of the set that this task of the innermost set leads to, and runs its
    /// `on_start`. The VM is in the set from then on, unless that raised or left the set.
    Enter { task: usize, set: &'a Set },
    /// Runs the innermost set's `on_stop`. The VM is out of the set then, whatever the outcome.
    Leave,
    /// The `wait_time` function of the set that is so many sets deep; 0: of the user.
    Wait(usize),
    /// The user's.
    OnStop,
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// Also where the script left its task set: see `Vu::left`.
    Done,
    /// Seconds to wait.
    Wait(f64),
    /// The script raised.
    Raised(Fault),
    /// The VM is of no use any more (its memory ran out): it must be replaced.
    Broken(Fault),
    /// The call was told to end.
    Interrupted,
}
