//! The three traits between the runtime and a script language. Implemented below
//! `lua`; used by `run`.

use std::rc::Rc;

use crate::fault::Fault;
use crate::vu::Vu;

use super::{Manifest, Task};

/// A script language.
pub trait Engine {
    /// Compiles the scripts; once a worker.
    ///
    /// # Errors
    /// What is wrong with them, with file, line and caret.
    fn compile(&self, suite: &Suite) -> Result<Box<dyn Program>, Vec<Fault>>;
}

/// What is compiled together.
pub struct Suite {
    pub scripts: Vec<std::path::PathBuf>,
    /// `require` sees what lies below it, and nothing above.
    pub root: std::path::PathBuf,
    /// Most bytes that one VM may hold.
    pub memory_limit: usize,
}

/// Compiled scripts, ready to be instantiated for VUs.
pub trait Program {
    /// Runs the scripts' top level in a new sandbox; on a fiber, since it is script code.
    ///
    /// # Errors
    /// When the top level raises, or declares something wrong.
    fn declare(&self, vu: Rc<Vu>) -> Result<Manifest, Fault>;

    /// A sandbox of its own for a VU of class `class`; on a fiber. `tasks` are those that were
    /// declared: `Entry::Task` counts in their order, whatever order this VM defined them in.
    ///
    /// # Errors
    /// As `declare`; and when the script does not define the class this time.
    fn spawn(&self, vu: Rc<Vu>, class: &str, tasks: &[Task]) -> Result<Box<dyn Vm>, Fault>;
}

/// One VU's sandbox.
pub trait Vm {
    /// Runs script code; on a fiber.
    fn call(&mut self, entry: Entry) -> Outcome;

    /// Bytes that it holds.
    fn memory(&self) -> usize;
}

/// Which function of the VU's class to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    OnStart,
    /// By its index in `Class::tasks`.
    Task(usize),
    /// The class's own `wait_time` function.
    Wait,
    OnStop,
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
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
