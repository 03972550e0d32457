//! Which task set a VM is in: the instances of the sets that a VU has entered, one within the other, each
//! with its tasks. Used by `vm`.

use rhai::Dynamic;

use crate::script::{Set, Task};

use super::class::ClassRef;
use super::instance::Instance;
use super::tasks;

/// The user first, the innermost set last.
pub(super) struct Nest {
    levels: Vec<Level>,
}

struct Level {
    instance: Instance,
    tasks: std::rc::Rc<[Dynamic]>,
}

impl Nest {
    pub(super) fn new(class: &ClassRef, wanted: &[Task]) -> Result<Nest, String> {
        let tasks = tasks::ordered(class, wanted)?.into();
        Ok(Nest { levels: vec![Level { instance: Instance::new(class.clone(), None), tasks }] })
    }

    /// Makes an instance of the set that the task of the innermost instance leads to.
    pub(super) fn enter(&mut self, task: usize, set: &Set) -> Result<(), String> {
        let target = self.task(task);
        let Some(class) = target.and_then(|target| target.read_lock::<ClassRef>().map(|it| it.clone()))
        else {
            let name = &set.name;
            return Err(format!(
                "the script did not nest the task set `{name}` for this VU, though it did before"
            ));
        };
        let tasks = tasks::ordered(&class, &set.tasks)?.into();
        let around = (self.instance(0), self.innermost());
        self.levels.push(Level { instance: Instance::new(class, Some(around)), tasks });
        Ok(())
    }

    /// Out of the innermost set, whose instance is returned. The user is not left.
    pub(super) fn leave(&mut self) -> Instance {
        if self.levels.len() > 1 {
            self.levels.pop().map_or_else(|| self.innermost(), |level| level.instance)
        } else {
            self.innermost()
        }
    }

    pub(super) fn innermost(&self) -> Instance {
        self.instance(self.levels.len() - 1)
    }

    /// The instance that is so many sets deep; 0: the user.
    pub(super) fn instance(&self, depth: usize) -> Instance {
        self.levels[depth.min(self.levels.len() - 1)].instance.clone()
    }

    /// A task of the innermost instance.
    pub(super) fn task(&self, index: usize) -> Option<Dynamic> {
        self.levels.last()?.tasks.get(index).cloned()
    }

    pub(super) fn clear(&mut self) {
        self.levels.iter().for_each(|level| level.instance.clear());
    }
}
