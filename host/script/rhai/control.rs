//! The sandbox for what is called once a run: listeners of the run's events, `setup` and `teardown`, and a
//! load shape's `tick`. Made by `program`, called by `run` on a fiber.

use rhai::{Array, Dynamic};
use serde_json::Value;

use crate::api::{Arg, Occasion, Wanted, read_wanted};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::script::{Control, Outcome};
use crate::vu::Hook;

use super::class::Base;
use super::instance::Instance;
use super::vm::{Called, RhaiVm};
use super::{bind, listeners, trace, view, wording};

pub(super) struct RhaiControl {
    vm: RhaiVm,
    shape: Option<Instance>,
}

impl RhaiControl {
    /// With an instance of the load shape called `shape`.
    pub(super) fn new(vm: RhaiVm, shape: Option<&str>) -> Result<RhaiControl, Fault> {
        let Some(name) = shape else { return Ok(RhaiControl { vm, shape: None }) };
        let class = vm.state.class(name).filter(|class| class.base == Base::Shape);
        let Some(class) = class else {
            let what =
                format!("the script did not define the load shape `{name}` again, though it did before");
            return Err(Fault::new(Exit::Script, what));
        };
        Ok(RhaiControl { vm, shape: Some(Instance::new(class, None)) })
    }

    /// Calls the function that was left for `hook`; nothing where there is none.
    fn call(&self, hook: Hook, args: Vec<Dynamic>) -> Called {
        match listeners::of(&self.vm.state, hook).into_iter().next() {
            Some(function) => self.vm.call_function(&function.into(), None, args),
            None => Ok(Dynamic::UNIT),
        }
    }

    fn fault_at(&self, hook: Hook, what: String) -> Fault {
        let function = listeners::of(&self.vm.state, hook).into_iter().next();
        trace::fault_at(&self.vm.state.library, &function.map_or(Dynamic::UNIT, Dynamic::from), what)
    }
}

impl Control for RhaiControl {
    fn fire(&mut self, occasion: &Occasion, done: &mut i64, raised: &mut Vec<Fault>) -> Outcome {
        let all = listeners::of(&self.vm.state, occasion.hook());
        while let Some(function) = usize::try_from(*done).ok().and_then(|done| all.get(done)) {
            *done += 1;
            let event = self.vm.with_context(|context| {
                bind::run(&self.vm.state, context, &[], |frame| occasion.give(frame))
            });
            let event = event.unwrap_or_default();
            let called = self.vm.call_function(&function.clone().into(), None, vec![event]);
            let outcome = called.map_or_else(|outcome| outcome, |_| Outcome::Done);
            match self.vm.tell(outcome) {
                Outcome::Done | Outcome::Wait(_) => {}
                Outcome::Raised(fault) => raised.push(fault),
                outcome => return outcome,
            }
        }
        Outcome::Done
    }

    fn setup(&mut self) -> Result<Option<Vec<u8>>, Outcome> {
        let result = match self.call(Hook::Setup, Vec::new()) {
            Ok(result) => result,
            Err(outcome) => return Err(self.vm.tell(outcome)),
        };
        let json = self.vm.look_at(&[result], |frame| {
            if let Arg::Nil = frame.arg(0) {
                return Ok(None);
            }
            let mut json = Vec::new();
            frame.encode(frame.arg(0), &mut json)?;
            Ok(Some(json))
        });
        match (json, self.vm.tell(Outcome::Done)) {
            (Ok(json), Outcome::Done) => Ok(json),
            (Ok(_), outcome) => Err(outcome),
            (Err(why), _) => {
                let what = format!("what setup returned: {}", why.text());
                Err(Outcome::Raised(self.fault_at(Hook::Setup, what)))
            }
        }
    }

    fn teardown(&mut self, data: Option<&'static Value>) -> Outcome {
        let called = self.call(Hook::Teardown, vec![data.map_or(Dynamic::UNIT, view::dynamic)]);
        let outcome = called.map_or_else(|outcome| outcome, |_| Outcome::Done);
        self.vm.tell(outcome)
    }

    fn tick(&mut self) -> Result<Option<Wanted>, Outcome> {
        let Some(instance) = self.shape.clone() else { return Ok(None) };
        let tick = instance.class().get("tick").unwrap_or_default();
        let this = Dynamic::from(instance.clone());
        let result = match self.vm.call_function(&tick, Some(instance), vec![this]) {
            Ok(result) => result,
            Err(outcome) => return Err(self.vm.tell(outcome)),
        };
        // `[users, spawn_rate, classes]`.
        let values = match result.try_cast_result::<Array>() {
            Ok(values) => values,
            Err(value) => vec![value],
        };
        let wanted = self.vm.look_at(&values, |frame| read_wanted(frame));
        match (wanted, self.vm.tell(Outcome::Done)) {
            (Ok(wanted), Outcome::Done) => Ok(wanted),
            (Ok(_), outcome) => Err(outcome),
            (Err(why), _) => {
                let what = wording::worded(why.text());
                Err(Outcome::Raised(trace::fault_at(&self.vm.state.library, &tick, what)))
            }
        }
    }
}

impl Drop for RhaiControl {
    fn drop(&mut self) {
        if let Some(shape) = &self.shape {
            shape.clear();
        }
    }
}
