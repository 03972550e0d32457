//! The way to an origin: straight, to an address of the configuration's own, or through a proxy. Decided once per
//! origin, by `worker`; followed by `connector` and `message`.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use super::origin::{Origin, basic};
use crate::link::{Choice, Http2, Link, Proxy, ProxyKind};

/// How connections to an origin are made.
#[derive(Clone, Default)]
pub(super) struct Way {
    /// Where `settings.hosts` says that the host is.
    pub(super) at: Option<SocketAddr>,
    pub(super) proxy: Option<Via>,
    /// Requests are sent to the proxy as they are, with a whole URL: what follows their first line.
    pub(super) forward: Option<Box<str>>,
}

/// A proxy.
#[derive(Clone)]
pub(super) struct Via {
    /// Or why it cannot be used.
    pub(super) proxy: Result<Arc<Proxy>, String>,
    /// Where it is itself, if that needs no look-up.
    pub(super) at: Option<SocketAddr>,
    /// Its `Proxy-Authorization`.
    pub(super) authorization: Option<Box<str>>,
}

impl Origin {
    /// The same place, behind a tunnel where the proxy would otherwise be sent whole URLs: RFC 6455, 4.1, for what
    /// is HTTP no longer.
    pub(super) fn tunnelled(self: &Rc<Origin>) -> Rc<Origin> {
        if self.way.forward.is_none() {
            return self.clone();
        }
        let mut origin = Origin::clone(self);
        origin.way.forward = None;
        Rc::new(origin)
    }
}

impl Way {
    pub(super) fn find(link: &Link, origin: &Origin) -> Way {
        let at = link.hosts.find(&origin.host, origin.port);
        let at = at.or(origin.address.map(|address| SocketAddr::new(address, origin.port)));
        let proxy = match link.proxies.choose(origin.https, &origin.host, origin.port) {
            Choice::Direct => return Way { at, ..Way::default() },
            Choice::Through(proxy) => proxy,
            Choice::Broken(why) => {
                let via = Via { proxy: Err(why), at: None, authorization: None };
                return Way { at, proxy: Some(via), forward: None };
            }
        };
        let authorization = match (&proxy.credentials, proxy.kind) {
            (Some((user, password)), ProxyKind::Http) => {
                Some(format!("Proxy-Authorization: {}\r\n", basic(user, password)).into_boxed_str())
            }
            _ => None,
        };
        // HTTP/2 goes through a tunnel: proxies take whole URLs in HTTP/1.1.
        let is_forward =
            proxy.kind == ProxyKind::Http && !origin.https && link.http2 != Http2::PriorKnowledge;
        let forward = is_forward.then(|| authorization.clone().unwrap_or_default());
        let its_own = link.hosts.find(&proxy.host, proxy.port);
        let its_own = its_own.or(proxy.address().map(|address: IpAddr| SocketAddr::new(address, proxy.port)));
        Way { at, proxy: Some(Via { proxy: Ok(proxy), at: its_own, authorization }), forward }
    }
}
