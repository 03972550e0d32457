//! How host names become addresses: for how long, in which order, of which kind. The names are k6's. Used by
//! `config` and `net`.

use std::net::IpAddr;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// How long an answer of the resolver is used; `Duration::MAX`: for the whole run.
    pub ttl: Duration,
    pub select: Select,
    pub policy: Policy,
}

impl Default for Lookup {
    fn default() -> Self {
        // Long enough to spare the resolver, short enough to follow a failover.
        Lookup { ttl: Duration::from_secs(30), select: Select::First, policy: Policy::Any }
    }
}

/// Which of a host's addresses a new connection tries first; the others follow where it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The resolver's first that answers.
    First,
    /// Each in turn.
    RoundRobin,
    Random,
}

/// Which kinds of addresses are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All, in the resolver's order.
    Any,
    PreferV4,
    PreferV6,
    OnlyV4,
    OnlyV6,
}

/// `roundRobin` and `round-robin` are one name.
fn simple(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase()
}

impl Select {
    pub const NAMES: &[(&str, Select)] =
        &[("first", Select::First), ("round-robin", Select::RoundRobin), ("random", Select::Random)];

    pub fn parse(text: &str) -> Option<Select> {
        Select::NAMES.iter().find(|(name, _)| simple(name) == simple(text)).map(|(_, select)| *select)
    }

    pub fn name(self) -> &'static str {
        Select::NAMES.iter().find(|(_, select)| *select == self).map_or("", |(name, _)| name)
    }
}

impl Policy {
    pub const NAMES: &[(&str, Policy)] = &[
        ("any", Policy::Any),
        ("preferIPv4", Policy::PreferV4),
        ("preferIPv6", Policy::PreferV6),
        ("onlyIPv4", Policy::OnlyV4),
        ("onlyIPv6", Policy::OnlyV6),
    ];

    pub fn parse(text: &str) -> Option<Policy> {
        Policy::NAMES.iter().find(|(name, _)| simple(name) == simple(text)).map(|(_, policy)| *policy)
    }

    pub fn name(self) -> &'static str {
        Policy::NAMES.iter().find(|(_, policy)| *policy == self).map_or("", |(name, _)| name)
    }

    /// Drops the addresses that are not used and sorts the others, keeping the resolver's order within a kind.
    pub fn apply(self, addresses: &mut Vec<IpAddr>) {
        match self {
            Policy::Any => {}
            Policy::PreferV4 => addresses.sort_by_key(IpAddr::is_ipv6),
            Policy::PreferV6 => addresses.sort_by_key(IpAddr::is_ipv4),
            Policy::OnlyV4 => addresses.retain(IpAddr::is_ipv4),
            Policy::OnlyV6 => addresses.retain(IpAddr::is_ipv6),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_of_k6_and_ours() {
        assert_eq!(Select::parse("roundRobin"), Some(Select::RoundRobin));
        assert_eq!(Select::parse("round-robin"), Some(Select::RoundRobin));
        assert_eq!(Select::parse("last"), None);
        assert_eq!(Policy::parse("preferIPv4"), Some(Policy::PreferV4));
        assert_eq!(Policy::parse("only-ipv6"), Some(Policy::OnlyV6));
        assert_eq!(Policy::parse("ipv4"), None);
        for (name, policy) in Policy::NAMES {
            assert_eq!((Policy::parse(name), policy.name()), (Some(*policy), *name));
        }
    }

    #[test]
    fn policies_keep_the_resolvers_order() {
        let all = ["::1", "10.0.0.2", "::2", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
        for (policy, expected) in [
            (Policy::Any, vec![0, 1, 2, 3]),
            (Policy::PreferV4, vec![1, 3, 0, 2]),
            (Policy::PreferV6, vec![0, 2, 1, 3]),
            (Policy::OnlyV4, vec![1, 3]),
            (Policy::OnlyV6, vec![0, 2]),
        ] {
            let mut sorted = all.to_vec();
            policy.apply(&mut sorted);
            assert_eq!(sorted, expected.iter().map(|at| all[*at]).collect::<Vec<_>>(), "{policy:?}");
        }
    }
}
