//! Functions that scripts have left for an occasion (`api::events`), and calling those of a VU's VM with
//! what has happened there. Used by `bind`, `vm` and `control`.

use std::rc::Rc;

use rhai::{EvalAltResult, FnPtr, NativeCallContext};

use crate::api::give_happened;
use crate::script::Outcome;
use crate::vu::{Happened, Hook, fiber};

use super::state::State;
use super::vm::RhaiVm;
use super::{bind, call, trace};

/// The functions of `hook`, in the order in which they were left.
pub(super) fn of(state: &State, hook: Hook) -> Vec<FnPtr> {
    let hooks = state.hooks.borrow();
    hooks.iter().filter(|(known, _)| *known == hook).map(|(_, function)| function.clone()).collect()
}

impl RhaiVm {
    /// Lets listeners of this VM hear what happened in a call that ended so.
    pub(super) fn tell(&self, outcome: Outcome) -> Outcome {
        let vu = &self.state.vu;
        if !vu.hooks.get().listen() || matches!(outcome, Outcome::Broken(_) | Outcome::Interrupted) {
            return outcome;
        }
        vu.settle();
        // The control VM has no user to whom something could happen.
        if let (Outcome::Raised(fault), true) = (&outcome, vu.id != 0) {
            vu.happen(Happened::of_fault(fault));
        }
        if !vu.has_news() {
            return outcome;
        }
        let told = self.with_context(|context| tell(context, &self.state));
        match (outcome, told.map_err(|error| self.failed(error, None))) {
            (outcome, Ok(())) => outcome,
            (Outcome::Raised(fault), Err(Outcome::Broken(_))) => Outcome::Broken(fault),
            (Outcome::Raised(fault), _) => Outcome::Raised(fault),
            (_, Err(outcome)) => outcome,
        }
    }
}

/// Tells listeners what has happened. A listener that raises is counted; it stops no other.
///
/// # Errors
/// Where the call is to end.
pub(super) fn tell(context: &NativeCallContext<'_>, state: &Rc<State>) -> Result<(), Box<EvalAltResult>> {
    let vu = &state.vu;
    let mut result = Ok(());
    for happened in vu.news() {
        if result.is_ok() {
            result = tell_one(context, state, &happened);
        }
    }
    vu.told();
    result
}

fn tell_one(
    context: &NativeCallContext<'_>,
    state: &Rc<State>,
    happened: &Happened,
) -> Result<(), Box<EvalAltResult>> {
    let hook = happened.hook();
    for function in of(state, hook) {
        // A table for each: what one listener does to it is not the others' concern.
        let event = bind::run(state, context, &[], |frame| give_happened(frame, happened))?;
        let this = state.this.borrow().clone();
        let called = call::from_outside(state, &function, this, vec![event]);
        let Err(error) = called else { continue };
        if fiber::doom().is_some() || state.is_over_memory() {
            return Err(error);
        }
        let mut fault = trace::fault(&state.library, error, None);
        fault.trace.extend(trace::caller(&state.library, context));
        state.vu.listener_raised(hook, &fault);
    }
    Ok(())
}
