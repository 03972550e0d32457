//! One VM: what a VU, or the control of the run, holds of the scripts. Found by what its fiber keeps,
//! where a callback of the engine has no other way to it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::{
    Dynamic, EvalAltResult, FnPtr, GlobalRuntimeState, ImmutableString, Locked, Module, Scope, Shared,
};
use rustc_hash::FxHashMap;

use crate::api::Member;
use crate::vu::{Hook, Vu, fiber};

use super::account::Account;
use super::caught::Caught;
use super::class::ClassRef;
use super::instance::Instance;
use super::library::Library;
use super::random::Random;
use super::tops::Top;

/// A module as one VM knows it.
pub(super) enum Loaded {
    /// Its top level runs just now.
    Loading,
    Module(Shared<Module>),
}

/// What a file declared as `const`, as the engine keeps it.
type Constants = Shared<Locked<BTreeMap<ImmutableString, Dynamic>>>;

/// What the functions of one file see when they are called by the host.
pub(super) struct Unit {
    pub(super) home: Shared<Module>,
    pub(super) source: Option<ImmutableString>,
    pub(super) imports: RefCell<Vec<(ImmutableString, Shared<Module>)>>,
    pub(super) constants: RefCell<Option<Constants>>,
}

impl Unit {
    /// Makes it what a call sees.
    pub(super) fn enter(&self, global: &mut GlobalRuntimeState) {
        global.lib.push(self.home.clone());
        global.source = self.source.clone();
        for (name, module) in &*self.imports.borrow() {
            global.push_import(name.clone(), module.clone());
        }
        global.constants = self.constants.borrow().clone();
    }
}

pub(super) struct State {
    pub(super) vu: Rc<Vu>,
    pub(super) library: Rc<Library>,
    /// The scripts' top level runs.
    pub(super) loading: Cell<bool>,
    pub(super) units: RefCell<Vec<Rc<Unit>>>,
    pub(super) modules: RefCell<Vec<(ImmutableString, Loaded)>>,
    /// The variables of the scripts' top levels.
    pub(super) scopes: RefCell<Vec<Scope<'static>>>,
    /// User classes, task sets and load shapes, in the order of their definition.
    pub(super) classes: RefCell<Vec<ClassRef>>,
    pub(super) hooks: RefCell<Vec<(Hook, FnPtr)>>,
    /// Whose method or task runs: `this` of closures that the host calls.
    pub(super) this: RefCell<Option<Instance>>,
    /// The error of a script function that a host function called.
    pub(super) raised: RefCell<Option<Box<EvalAltResult>>>,
    /// Operations since the call had to end.
    grace: Cell<u32>,
    rng: OnceCell<Box<RefCell<Random>>>,
    pub(super) over_memory: Cell<bool>,
    pub(super) account: Account,
    /// Variables that were asked for.
    pub(super) variables: Cell<u32>,
    /// `interrupt` was called: the call has to end.
    pub(super) leaving: Cell<bool>,
    /// The property of a host value that was read last: the engine hands it back after a method was
    /// called on it, as if it were set.
    pub(super) read: RefCell<Dynamic>,
    /// What the objects of this call have, by their numbers and what it is.
    pub(super) kept: RefCell<FxHashMap<(u64, *const Member), Dynamic>>,
    /// The variables of top levels that functions name.
    pub(super) tops: RefCell<Vec<Top>>,
    /// The errors that its script caught last.
    pub(super) caught: RefCell<Vec<Caught>>,
}

impl State {
    pub(super) fn new(vu: Rc<Vu>, library: Rc<Library>) -> Rc<State> {
        let account = Account::new(library.memory_limit);
        Rc::new(State {
            vu,
            library,
            loading: Cell::new(true),
            units: RefCell::default(),
            modules: RefCell::default(),
            scopes: RefCell::default(),
            classes: RefCell::default(),
            hooks: RefCell::default(),
            this: RefCell::default(),
            raised: RefCell::default(),
            grace: Cell::new(0),
            rng: OnceCell::new(),
            over_memory: Cell::new(false),
            account,
            variables: Cell::new(0),
            leaving: Cell::new(false),
            read: RefCell::default(),
            kept: RefCell::default(),
            tops: RefCell::default(),
            caught: RefCell::default(),
        })
    }

    /// The VM whose script runs on this fiber.
    pub(super) fn current() -> Option<Rc<State>> {
        fiber::local()
    }

    /// Counts an operation of a call that has to end.
    pub(super) fn grace(&self) -> u32 {
        self.grace.set(self.grace.get() + 1);
        self.grace.get()
    }

    pub(super) fn begin(&self) {
        self.grace.set(0);
    }

    pub(super) fn is_over_memory(&self) -> bool {
        self.over_memory.get()
    }

    /// Bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        self.account.held()
    }

    /// What functions of `home` see.
    pub(super) fn unit(&self, home: &Shared<Module>) -> Option<Rc<Unit>> {
        self.units.borrow().iter().find(|unit| Shared::ptr_eq(&unit.home, home)).cloned()
    }

    /// The script's random numbers, as `--seed` and the VU's number have it.
    pub(super) fn rng(&self) -> &RefCell<Random> {
        self.rng.get_or_init(|| {
            let (high, low) = self.vu.script_seed();
            Box::new(RefCell::new(Random::new(high, low)))
        })
    }

    pub(super) fn class(&self, name: &str) -> Option<ClassRef> {
        self.classes.borrow().iter().find(|class| class.name == name).cloned()
    }

    /// Lets go of what refers to itself: closures hold the classes whose tasks they are.
    pub(super) fn clear(&self) {
        for class in self.classes.borrow_mut().drain(..) {
            class.clear();
        }
        self.this.borrow_mut().take();
        self.hooks.borrow_mut().clear();
        self.caught.borrow_mut().clear();
        self.scopes.borrow_mut().clear();
        self.tops.borrow_mut().clear();
        self.modules.borrow_mut().clear();
        self.units.borrow_mut().clear();
    }
}
