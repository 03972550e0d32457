//! Instances: `this` of tasks and methods. Members of its own first, then those of its class. It is
//! held by reference, and never locked while script code runs, so that `this.client.get(..)` may call
//! closures that use `this`.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, Map};

use crate::api;

use super::class::{Base, ClassRef, Client};
use super::depth;
use super::state::State;
use super::value::HostValue;
use super::view;

#[derive(Clone)]
pub(super) struct Instance(Rc<Inner>);

struct Inner {
    class: ClassRef,
    own: RefCell<Map>,
    /// Of a task set: the user, and what it is nested in.
    around: Option<(Instance, Instance)>,
}

impl PartialEq for Instance {
    fn eq(&self, other: &Instance) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Instance {
    pub(super) fn new(class: ClassRef, around: Option<(Instance, Instance)>) -> Instance {
        Instance(Rc::new(Inner { class, own: RefCell::default(), around }))
    }

    pub(super) fn class(&self) -> &ClassRef {
        &self.0.class
    }

    /// A member; `()` where there is none.
    pub(super) fn get(&self, name: &str, state: &State) -> Dynamic {
        if let Some(value) = self.0.own.borrow().get(name) {
            return value.clone();
        }
        match (name, &self.0.around) {
            ("user", Some((user, _))) => return Dynamic::from(user.clone()),
            ("parent", Some((_, parent))) => return Dynamic::from(parent.clone()),
            _ => {}
        }
        if let Some(value) = self.0.class.get(name) {
            return value;
        }
        match name {
            "client" if self.speaks(Client::Http) => http(),
            // Number 0 is the client that the class describes, made when it is used.
            "grpc" if self.speaks(Client::Grpc) => Dynamic::from(HostValue::Object(&api::GRPC_CLIENT, 0)),
            "client" | "grpc" => match &self.0.around {
                Some((user, _)) => user.get(name, state),
                None => Dynamic::UNIT,
            },
            "data" => state.vu.shared.briefing.data.map_or(Dynamic::UNIT, view::dynamic),
            _ => Dynamic::UNIT,
        }
    }

    /// Looks at the members of its own.
    pub(super) fn with_own<R>(&self, see: impl FnOnce(&Map) -> R) -> R {
        see(&self.0.own.borrow())
    }

    fn speaks(&self, client: Client) -> bool {
        let user = self.0.around.as_ref().map_or(self, |(user, _)| user);
        user.0.class.base == Base::User(client)
    }

    /// Sets a member of its own.
    ///
    /// # Errors
    /// Where the value nests too deeply.
    pub(super) fn set(&self, name: &str, value: &mut Dynamic) -> Result<(), Box<EvalAltResult>> {
        let mut own = self.0.own.borrow_mut();
        match own.get(name) {
            // What was changed in place comes back from the engine.
            Some(known) if is_same_cell(known, value) => return Ok(()),
            Some(_) => {}
            None if is_of_host(name, value) => return Ok(()),
            None => {}
        }
        depth::check(value)?;
        let value = value.take().flatten();
        // Shared, so that `this.list.push(x)` changes it in place; it is copied where it is assigned.
        let by_reference = value.is_array() || value.is_map() || value.is_blob();
        own.insert(name.into(), if by_reference { value.into_shared() } else { value });
        Ok(())
    }

    /// Lets go of all that it holds: it may hold itself.
    pub(super) fn clear(&self) {
        drop(self.0.own.take());
    }
}

/// Whether both share one value, or `known` is in use: then the engine hands back what is in it.
fn is_same_cell(known: &Dynamic, value: &Dynamic) -> bool {
    if !known.is_shared() {
        return false;
    }
    let mut known = known.clone();
    match known.write_lock::<Dynamic>() {
        Some(_lock) => value.is_shared() && value.is_locked(),
        None => true,
    }
}

/// Whether a value is what the host gives under that name: the engine hands back what it read there.
fn is_of_host(name: &str, value: &Dynamic) -> bool {
    match name {
        "client" | "grpc" => value.read_lock::<HostValue>().is_some(),
        "user" | "parent" => value.read_lock::<Instance>().is_some(),
        _ => false,
    }
}

fn http() -> Dynamic {
    let module = api::MODULES.iter().find(|module| module.name == "http");
    module.map_or(Dynamic::UNIT, |module| Dynamic::from(HostValue::Module(module)))
}
