//! Hosts that lead to an address of the configuration's own, whatever DNS says: k6's `hosts`. Used by `config` and
//! `net`.

use std::net::{IpAddr, SocketAddr};

use super::place::{canonical, is_name, split};

/// Overrides, the most exact first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Override>);

/// One host, or all below a domain, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    name: Box<str>,
    /// `*.name`: all below it, not itself.
    below: bool,
    port: Option<u16>,
    to: IpAddr,
    to_port: Option<u16>,
}

impl Override {
    /// From `host`, `host:port` or `*.domain` and an address with or without a port.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(host: &str, to: &str) -> Result<Override, String> {
        let no_host = || format!("`{host}` is no host: write `name`, `name:port` or `*.domain`");
        let (name, port) = split(host.trim()).ok_or_else(no_host)?;
        let name = canonical(name);
        let (name, below) = match name.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (name.as_str(), false),
        };
        if !is_name(name) && (below || name.parse::<IpAddr>().is_err()) {
            return Err(no_host());
        }
        let no_address =
            || format!("`{to}` is no address: write one such as 10.0.0.5, 10.0.0.5:8443 or [fd00::5]:8443");
        let (address, to_port) = split(to.trim()).ok_or_else(no_address)?;
        let to = address.parse().map_err(|_| no_address())?;
        Ok(Override { name: name.into(), below, port, to, to_port })
    }

    /// Where a request to `port` goes.
    fn target(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.to, self.to_port.unwrap_or(port))
    }

    /// The address, and the port where it has one.
    pub fn to(&self) -> (IpAddr, Option<u16>) {
        (self.to, self.to_port.or(self.port))
    }

    /// The port that the address was given with.
    pub fn own_port(&self) -> Option<u16> {
        self.to_port
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        let is_named = match host.strip_suffix(&*self.name) {
            Some("") => !self.below,
            Some(rest) => self.below && rest.len() > 1 && rest.ends_with('.'),
            None => false,
        };
        is_named && self.port.is_none_or(|own| own == port)
    }
}

impl Hosts {
    /// A host itself comes before a domain that it is in, a longer domain before a shorter one, and what names the
    /// port before what does not.
    pub fn new(mut all: Vec<Override>) -> Hosts {
        all.sort_by_key(|one| (one.below, std::cmp::Reverse(one.name.len()), one.port.is_none()));
        Hosts(all)
    }

    /// Where requests to the host (an IPv6 address without brackets) go; None: where DNS says.
    pub fn find(&self, host: &str, port: u16) -> Option<SocketAddr> {
        if self.0.is_empty() {
            return None;
        }
        let host = canonical(host);
        self.0.iter().find(|one| one.matches(&host, port)).map(|one| one.target(port))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(pairs: &[(&str, &str)]) -> Hosts {
        Hosts::new(pairs.iter().map(|(host, to)| Override::parse(host, to).unwrap()).collect())
    }

    #[test]
    fn the_most_exact_entry_wins() {
        let hosts = hosts(&[
            ("*.example.com", "10.0.0.1"),
            ("*.int.example.com", "10.0.0.2:8080"),
            ("api.int.example.com", "10.0.0.3"),
            ("api.int.example.com:443", "10.0.0.4:8443"),
            ("six", "[fd00::5]:80"),
            ("192.0.2.1", "127.0.0.1"),
        ]);
        for (host, port, expected) in [
            ("www.example.com", 80, Some("10.0.0.1:80")),
            ("a.b.example.com", 81, Some("10.0.0.1:81")),
            ("example.com", 80, None),
            ("xexample.com", 80, None),
            ("other.int.example.com", 80, Some("10.0.0.2:8080")),
            ("API.int.example.com.", 80, Some("10.0.0.3:80")),
            ("api.int.example.com", 443, Some("10.0.0.4:8443")),
            ("six", 443, Some("[fd00::5]:80")),
            ("192.0.2.1", 9, Some("127.0.0.1:9")),
        ] {
            assert_eq!(hosts.find(host, port), expected.map(|text| text.parse().unwrap()), "{host}:{port}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (host, to, why) in [
            ("", "10.0.0.1", "is no host"),
            ("http://h", "10.0.0.1", "is no host"),
            ("*", "10.0.0.1", "is no host"),
            ("a.*.com", "10.0.0.1", "is no host"),
            ("h:0x", "10.0.0.1", "is no host"),
            ("h", "other", "is no address"),
            ("h", "", "is no address"),
            ("h", "10.0.0.1:", "is no address"),
        ] {
            let told = Override::parse(host, to).unwrap_err();
            assert!(told.contains(why), "{host} {to}: {told}");
        }
    }

    proptest! {
        #[test]
        fn order_of_entries_does_not_matter(mut pairs in proptest::collection::hash_map("(\\*\\.)?[ab]{1,2}(\\.[ab]){0,2}(:[12])?", any::<u32>(), 0..6), host in "[ab]{1,2}(\\.[ab]){0,3}", port in 1u16..3) {
            let all = |pairs: &mut dyn Iterator<Item = (&String, &u32)>| Hosts::new(pairs.map(|(host, to)| {
                Override::parse(host, &std::net::Ipv4Addr::from(*to).to_string()).unwrap()
            }).collect());
            let mut sorted: Vec<_> = pairs.iter().collect();
            sorted.sort();
            let forth = all(&mut sorted.iter().copied());
            let back = all(&mut sorted.iter().rev().copied());
            prop_assert_eq!(forth.find(&host, port), back.find(&host, port));
            pairs.clear();
        }

        #[test]
        fn nothing_panics(host in "\\PC{0,12}", to in "\\PC{0,12}") {
            let _ = Override::parse(&host, &to);
        }
    }
}
