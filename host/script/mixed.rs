//! A run whose scripts are written in several languages: each has a program and VMs of its own, and what
//! they declare is one run. Made by `languages`.

use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use crate::api::{Occasion, Wanted};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::vu::{Hook, Hooks, Vu};

use super::{Control, Function, Language, Manifest, Outcome, Program, Task, Vm};

pub(super) struct Mixed {
    parts: Vec<(Language, Box<dyn Program>)>,
    /// Classes, each with the place of its definition.
    owners: Vec<(String, String)>,
}

impl Mixed {
    pub(super) fn new(parts: Vec<(Language, Box<dyn Program>)>, owners: Vec<(String, String)>) -> Mixed {
        Mixed { parts, owners }
    }

    /// The program that defines a class.
    fn owner(&self, class: &str) -> Option<&dyn Program> {
        let (_, place) = self.owners.iter().find(|(name, _)| name == class)?;
        let file = place.rsplit_once(':').map_or(place.as_str(), |(file, _)| file);
        let language = Language::of(Path::new(file));
        self.parts.iter().find(|(known, _)| *known == language).map(|(_, program)| &**program)
    }
}

impl Program for Mixed {
    fn declare(&self, vu: Rc<Vu>) -> Result<Manifest, Vec<Fault>> {
        let (mut whole, mut hooks, mut faults) = (Manifest::default(), Hooks::default(), Vec::new());
        for (_, program) in &self.parts {
            match program.declare(vu.clone()) {
                Ok(part) => {
                    for once in [Hook::Setup, Hook::Teardown] {
                        if hooks.contains(once) && part.hooks.contains(once) {
                            let place =
                                whole.places.iter().chain(&part.places).find(|(hook, _)| *hook == once);
                            let place = place.map(|(_, place)| format!("{place}: ")).unwrap_or_default();
                            let what = format!(
                                "{place}`{}` is given in a script of another language as well: a run has one",
                                once.name()
                            );
                            faults.push(Fault::new(Exit::Script, what));
                        }
                    }
                    for class in &part.classes {
                        if whole.classes.iter().any(|known| known.name == class.name) {
                            let what =
                                format!("{}: the class `{}` is defined already", class.place, class.name);
                            faults.push(Fault::new(Exit::Script, what));
                        }
                    }
                    hooks = hooks.and(part.hooks);
                    whole.classes.extend(part.classes);
                    whole.shapes.extend(part.shapes);
                    whole.places.extend(part.places);
                    let known = |name: &str, all: &[Function]| all.iter().any(|it| it.name == name);
                    let new = part.functions.into_iter().filter(|it| !known(&it.name, &whole.functions));
                    let new: Vec<Function> = new.collect();
                    whole.functions.extend(new);
                    whole.options = part.options;
                }
                Err(found) => faults.extend(found),
            }
        }
        whole.hooks = hooks;
        vu.hooks.set(hooks);
        if faults.is_empty() { Ok(whole) } else { Err(faults) }
    }

    fn spawn(&self, vu: Rc<Vu>, class: &str, tasks: &[Task]) -> Result<Box<dyn Vm>, Fault> {
        match self.owner(class) {
            Some(program) => program.spawn(vu, class, tasks),
            None => Err(Fault::new(Exit::Internal, format!("no script defines the class `{class}`"))),
        }
    }

    fn control(&self, vu: Rc<Vu>, shape: Option<&str>) -> Result<Box<dyn Control>, Fault> {
        let (mut controls, mut hooks) = (Vec::new(), Hooks::default());
        let mut asked = None;
        for (index, (_, program)) in self.parts.iter().enumerate() {
            // Which of them defines the load shape, nobody else knows.
            let with_shape = shape.filter(|_| asked.is_none()).map(|_| program.control(vu.clone(), shape));
            let control = match with_shape {
                Some(Ok(control)) => {
                    asked = Some(index);
                    control
                }
                Some(Err(why)) if index + 1 == self.parts.len() => return Err(why),
                Some(Err(_)) | None => program.control(vu.clone(), None)?,
            };
            hooks = hooks.and(vu.hooks.get());
            controls.push((vu.hooks.get(), control));
        }
        vu.hooks.set(hooks);
        Ok(Box::new(MixedControl { controls, asked }))
    }
}

/// The control VMs of all languages.
struct MixedControl {
    /// Each with what its scripts have left functions for.
    controls: Vec<(Hooks, Box<dyn Control>)>,
    /// The one that has the load shape.
    asked: Option<usize>,
}

impl MixedControl {
    fn of(&mut self, hook: Hook) -> Option<&mut Box<dyn Control>> {
        self.controls.iter_mut().find(|(hooks, _)| hooks.contains(hook)).map(|(_, control)| control)
    }
}

impl Control for MixedControl {
    fn fire(&mut self, occasion: &Occasion, done: &mut i64, raised: &mut Vec<Fault>) -> Outcome {
        // How many of those before were called already, a VM that broke included.
        let mut before = 0;
        for (_, control) in &mut self.controls {
            let mut own = (*done - before).max(0);
            let outcome = control.fire(occasion, &mut own, raised);
            before += own;
            *done = before.max(*done);
            if !matches!(outcome, Outcome::Done | Outcome::Wait(_)) {
                return outcome;
            }
        }
        Outcome::Done
    }

    fn setup(&mut self) -> Result<Option<Vec<u8>>, Outcome> {
        self.of(Hook::Setup).map_or(Ok(None), |control| control.setup())
    }

    fn teardown(&mut self, data: Option<&'static Value>) -> Outcome {
        self.of(Hook::Teardown).map_or(Outcome::Done, |control| control.teardown(data))
    }

    fn tick(&mut self) -> Result<Option<Wanted>, Outcome> {
        match self.asked.and_then(|index| self.controls.get_mut(index)) {
            Some((_, control)) => control.tick(),
            None => Ok(None),
        }
    }
}
