//! Host names to addresses, remembered for a short time, so that ten thousand
//! VUs that start at once ask once. Used by `connector`.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use super::error::{Error, ErrorKind};
use crate::link::{Lookup, Policy, Select};

const KEEP_FAILURE: Duration = Duration::from_secs(1);

/// The names that a worker knows.
pub(super) struct Dns {
    lookup: Lookup,
    names: RefCell<FxHashMap<Box<str>, Rc<Name>>>,
}

/// One name's addresses.
pub(super) struct Name {
    asked: Instant,
    found: OnceCell<Result<Box<[IpAddr]>, String>>,
    /// The address that answered last; the others are tried after it.
    pub(super) best: Cell<usize>,
    /// How many connections were begun.
    turn: Cell<usize>,
}

impl Name {
    fn is_fresh(&self, ttl: Duration) -> bool {
        match self.found.get() {
            None => true,
            Some(Ok(_)) => self.asked.elapsed() < ttl,
            Some(Err(_)) => self.asked.elapsed() < KEEP_FAILURE.min(ttl),
        }
    }

    /// In the resolver's order; empty only before `Dns::resolve` returned it.
    pub(super) fn addresses(&self) -> &[IpAddr] {
        match self.found.get() {
            Some(Ok(addresses)) => addresses,
            _ => &[],
        }
    }
}

impl Dns {
    pub(super) fn new(lookup: Lookup) -> Dns {
        Dns { lookup, names: RefCell::default() }
    }

    /// Which of a name's addresses, of which there is at least one, is tried first.
    pub(super) fn start(&self, name: &Name) -> usize {
        let count = name.addresses().len().max(1);
        match self.lookup.select {
            Select::First => name.best.get() % count,
            Select::RoundRobin => {
                let turn = name.turn.get();
                name.turn.set(turn.wrapping_add(1));
                turn % count
            }
            Select::Random => rand::random_range(0..count),
        }
    }

    /// The addresses of `host`; callers that come meanwhile share one look-up.
    ///
    /// # Errors
    /// `Dns`, with the resolver's reason.
    pub(super) async fn resolve(&self, host: &str) -> Result<Rc<Name>, Error> {
        let name = self.name(host);
        let found = name.found.get_or_init(|| look_up(host, self.lookup.policy)).await;
        match found {
            Ok(_) => Ok(name.clone()),
            Err(why) => Err(Error::new(ErrorKind::Dns, format!("cannot find the host `{host}`: {why}"))),
        }
    }

    fn name(&self, host: &str) -> Rc<Name> {
        let ttl = self.lookup.ttl;
        let mut names = self.names.borrow_mut();
        match names.get(host) {
            Some(name) if name.is_fresh(ttl) => name.clone(),
            old => {
                // Workers begin at different addresses: together they would favour the first.
                let turn = old.map_or_else(|| rand::random_range(0..1 << 16), |old| old.turn.get());
                names.retain(|_, name| name.is_fresh(ttl));
                let name = Rc::new(Name {
                    asked: Instant::now(),
                    found: OnceCell::new(),
                    best: Cell::new(0),
                    turn: Cell::new(turn),
                });
                names.insert(host.into(), name.clone());
                name
            }
        }
    }
}

async fn look_up(host: &str, policy: Policy) -> Result<Box<[IpAddr]>, String> {
    let found = tokio::net::lookup_host((host, 0)).await.map_err(|error| error.to_string())?;
    let mut addresses = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    if addresses.is_empty() {
        return Err("it has no address".to_owned());
    }
    policy.apply(&mut addresses);
    match addresses.is_empty() {
        true => Err(format!("it has no address that `settings.dns.policy: {}` allows", policy.name())),
        false => Ok(addresses.into()),
    }
}
