//! Which hosts need no proxy: the rules of `NO_PROXY` as Go (and so k6) reads them. Used by `proxy`.

use std::net::IpAddr;

use super::cidr::Cidr;
use super::place::{canonical, is_name, split};

/// A list of hosts, domains, addresses and blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exempt(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    All,
    Block(Cidr),
    Address(IpAddr, Option<u16>),
    /// `name` itself, where `itself`, and all below it.
    Domain {
        name: Box<str>,
        itself: bool,
        port: Option<u16>,
    },
}

impl Exempt {
    /// From a text with commas or blanks between its entries. Entries that mean nothing are left out, as everywhere
    /// where `NO_PROXY` is read.
    pub fn parse(text: &str) -> Exempt {
        Exempt(text.split([',', ' ', '\t']).filter_map(entry).collect())
    }

    /// Adds one entry; false where it means nothing.
    pub fn add(&mut self, text: &str) -> bool {
        let entry = entry(text.trim());
        let is_known = entry.is_some();
        self.0.extend(entry);
        is_known
    }

    /// Whether the host (an IPv6 address without brackets) at this port is listed.
    pub fn holds(&self, host: &str, port: u16) -> bool {
        let host = canonical(host);
        let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        self.0.iter().any(|entry| match (entry, address) {
            (Entry::All, _) => true,
            (Entry::Block(block), Some(address)) => block.contains(address),
            (Entry::Address(own, wanted), Some(address)) => {
                *own == address && wanted.is_none_or(|wanted| wanted == port)
            }
            (Entry::Domain { name, itself, port: wanted }, None) => {
                let below = host.strip_suffix(&**name);
                let is_named = below.is_some_and(|rest| {
                    if rest.is_empty() { *itself } else { rest.len() > 1 && rest.ends_with('.') }
                });
                is_named && wanted.is_none_or(|wanted| wanted == port)
            }
            _ => false,
        })
    }
}

fn entry(text: &str) -> Option<Entry> {
    if text == "*" {
        return Some(Entry::All);
    }
    if let Some(block) = Cidr::parse(text) {
        return Some(Entry::Block(block));
    }
    let (host, port) = split(text)?;
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(Entry::Address(address.to_canonical(), port));
    }
    let host = canonical(host);
    let (name, itself) = match host.strip_prefix("*.").or_else(|| host.strip_prefix('.')) {
        Some(name) => (name, false),
        None => (host.as_str(), true),
    };
    is_name(name).then(|| Entry::Domain { name: name.into(), itself, port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cases of golang.org/x/net/http/httpproxy's documentation.
    #[test]
    fn the_rules_of_go() {
        for (list, host, port, held) in [
            ("foo.com", "foo.com", 80, true),
            ("foo.com", "bar.foo.com", 80, true),
            ("foo.com", "xfoo.com", 80, false),
            (".y.com", "x.y.com", 80, true),
            (".y.com", "y.com", 80, false),
            ("*.y.com", "x.y.com", 80, true),
            ("*.y.com", "y.com", 80, false),
            ("FOO.com.", "foo.COM", 80, true),
            ("foo.com:8080", "foo.com", 8080, true),
            ("foo.com:8080", "foo.com", 80, false),
            ("foo.com:8080", "a.foo.com", 8080, true),
            ("1.2.3.4", "1.2.3.4", 443, true),
            ("1.2.3.4:80", "1.2.3.4", 443, false),
            ("1.2.3.0/24", "1.2.3.4", 443, true),
            ("1.2.3.0/24", "1.2.4.4", 443, false),
            ("1.2.3.4", "a.1.2.3.4.com", 443, false),
            ("[fe80::1]:80", "fe80::1", 80, true),
            ("fe80::/10", "fe80::2", 80, true),
            ("::1", "::1", 80, true),
            ("*", "anything", 1, true),
            ("a.com, b.com  c.com", "c.com", 1, true),
            ("a.com,,!,:80,b:x", "b", 1, false),
            ("", "a.com", 1, false),
        ] {
            assert_eq!(Exempt::parse(list).holds(host, port), held, "{list} {host}:{port}");
        }
    }

    #[test]
    fn single_entries_tell_whether_they_mean_anything() {
        let mut list = Exempt::default();
        assert!(list.add(" a.com ") && list.add("10.0.0.0/8") && list.add("*"));
        assert!(!list.add("a b") && !list.add("") && !list.add("http://a.com") && !list.add("a.com:x"));
    }

    proptest! {
        #[test]
        fn a_name_exempts_itself_and_all_below(name in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}", sub in "[a-z]{1,5}", port in any::<u16>()) {
            let list = Exempt::parse(&name);
            let (below, beside) = (format!("{sub}.{name}"), format!("{sub}{name}"));
            prop_assert!(list.holds(&name, port));
            prop_assert!(list.holds(&below, port));
            prop_assert!(!list.holds(&beside, port));
        }

        #[test]
        fn no_list_panics(list in "\\PC{0,30}", host in "\\PC{0,12}") {
            Exempt::parse(&list).holds(&host, 80);
        }
    }
}
