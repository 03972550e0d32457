//! The Rhai side of [`Program`].

use std::rc::Rc;

use crate::fault::Fault;
use crate::script::{Control, Manifest, Program, Task, Vm};
use crate::vu::Vu;

use super::control::RhaiControl;
use super::functions;
use super::library::Library;
use super::vm::RhaiVm;

pub(super) struct RhaiProgram(pub(super) Rc<Library>);

impl Program for RhaiProgram {
    fn declare(&self, vu: Rc<Vu>) -> Result<Manifest, Vec<Fault>> {
        let vm = RhaiVm::load(vu.clone(), self.0.clone()).map_err(|fault| vec![fault])?;
        let (classes, shapes) = match (vm.classes(), vm.shapes()) {
            (Ok(classes), Ok(shapes)) => (classes, shapes),
            (classes, shapes) => {
                return Err(classes.err().into_iter().flatten().chain(shapes.err()).collect());
            }
        };
        let options = vu.shared.options.borrow().clone();
        let functions = functions::read(&vm.state);
        let hooks = vu.hooks.get();
        let places = functions::places(&vm.state);
        Ok(Manifest { classes, options, shapes, functions, hooks, places, ..Manifest::default() })
    }

    fn control(&self, vu: Rc<Vu>, shape: Option<&str>) -> Result<Box<dyn Control>, Fault> {
        let vm = RhaiVm::load(vu, self.0.clone())?;
        Ok(Box::new(RhaiControl::new(vm, shape)?))
    }

    fn spawn(&self, vu: Rc<Vu>, class: &str, tasks: &[Task]) -> Result<Box<dyn Vm>, Fault> {
        let mut vm = RhaiVm::load(vu, self.0.clone())?;
        vm.become_user(class, tasks)?;
        Ok(Box::new(vm))
    }
}
