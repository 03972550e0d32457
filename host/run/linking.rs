//! How the connections of a run are made, checked against this machine before the first request. Used by `setup`.

use std::net::UdpSocket;

use crate::config::Plan;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::link::Link;
use crate::net::{self, Tls};

/// So many local addresses of each kind are looked at.
const MOST_CHECKED: usize = 4096;

/// The plan's, less a proxy on the way to the bundled service, which is this process itself.
pub(super) fn prepare_link(plan: &Plan) -> Link {
    let mut link = plan.settings.link.clone();
    for (host, port) in own_places(plan) {
        link.proxies.exempt.add(&format!("{host}:{port}"));
    }
    link
}

/// Where the bundled service listens, if it is the target.
pub(super) fn own_places(plan: &Plan) -> Vec<(String, u16)> {
    let urls =
        plan.base_url.iter().cloned().chain(plan.grpc_host.iter().map(|host| format!("http://{host}")));
    urls.filter(|_| plan.target_demo).filter_map(|url| net::place(&url).ok()).collect()
}

/// # Errors
/// A certificate or key that cannot be used, a local address that is not of this machine.
pub(super) fn check_link(link: &Link, tls: &Tls) -> Result<(), Fault> {
    tls.check().map_err(|error| Fault::new(Exit::Config, error.text))?;
    for address in link.sources.iter().flat_map(|sources| sources.all(MOST_CHECKED)) {
        if let Err(error) = UdpSocket::bind((address, 0)) {
            let what = format!("`settings.local_addresses` has {address}, which cannot be used");
            let fault = Fault::new(Exit::Config, what).why(error.to_string());
            return Err(fault.help("list addresses of this machine only: see `ip address`"));
        }
    }
    Ok(())
}
