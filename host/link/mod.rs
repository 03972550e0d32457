//! How connections are made, as people write it: TLS, proxies and their exceptions, host overrides, the choice of
//! addresses on both ends. Pure: nothing is looked up or opened. Read by `config`, followed by `net`.

mod cidr;
mod exempt;
mod hosts;
mod lookup;
mod options;
mod place;
mod proxy;
mod sources;

pub use cidr::Cidr;
pub use exempt::Exempt;
pub use hosts::{Hosts, Override};
pub use lookup::{Lookup, Policy, Select};
pub use options::{Http2, Link, TlsOptions, TlsVersion};
pub use place::is_loopback;
pub use proxy::{Choice, Proxies, Proxy, ProxyKind, Rule};
pub use sources::Sources;
