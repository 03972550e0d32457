//! Host names to addresses, remembered for a short time, so that ten thousand
//! VUs that start at once ask once. Used by `connector`.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use super::error::{Error, ErrorKind};

/// Long enough to spare the resolver, short enough to follow a failover.
const KEEP: Duration = Duration::from_secs(30);
const KEEP_FAILURE: Duration = Duration::from_secs(1);

/// The names that a worker knows.
#[derive(Default)]
pub(super) struct Dns {
    names: RefCell<FxHashMap<Box<str>, Rc<Name>>>,
}

/// One name's addresses.
pub(super) struct Name {
    asked: Instant,
    found: OnceCell<Result<Box<[IpAddr]>, String>>,
    /// The address that answered last; the others are tried after it.
    pub(super) best: Cell<usize>,
}

impl Name {
    fn is_fresh(&self) -> bool {
        match self.found.get() {
            None => true,
            Some(Ok(_)) => self.asked.elapsed() < KEEP,
            Some(Err(_)) => self.asked.elapsed() < KEEP_FAILURE,
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
    /// The addresses of `host`; callers that come meanwhile share one look-up.
    ///
    /// # Errors
    /// `Dns`, with the resolver's reason.
    pub(super) async fn resolve(&self, host: &str) -> Result<Rc<Name>, Error> {
        let name = self.name(host);
        let found = name.found.get_or_init(|| look_up(host)).await;
        match found {
            Ok(_) => Ok(name.clone()),
            Err(why) => Err(Error::new(ErrorKind::Dns, format!("cannot find the host `{host}`: {why}"))),
        }
    }

    fn name(&self, host: &str) -> Rc<Name> {
        let mut names = self.names.borrow_mut();
        match names.get(host) {
            Some(name) if name.is_fresh() => name.clone(),
            _ => {
                names.retain(|_, name| name.is_fresh());
                let name =
                    Rc::new(Name { asked: Instant::now(), found: OnceCell::new(), best: Cell::new(0) });
                names.insert(host.into(), name.clone());
                name
            }
        }
    }
}

async fn look_up(host: &str) -> Result<Box<[IpAddr]>, String> {
    let found = tokio::net::lookup_host((host, 0)).await.map_err(|error| error.to_string())?;
    let mut addresses = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses.into()) }
}
