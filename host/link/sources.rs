//! The local addresses that connections start at, so that one machine has more than the ports of one address. Used
//! by `config` and `net`.

use std::net::IpAddr;

use super::cidr::{Cidr, address, number};

/// Addresses of this machine, never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    four: Spans,
    six: Spans,
}

/// Of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Spans {
    /// First address and how many follow, itself included.
    spans: Vec<(u128, u128)>,
    total: u128,
}

impl Spans {
    fn add(&mut self, first: u128, last: u128) {
        let count = (last - first).saturating_add(1);
        self.spans.push((first, count));
        self.total = self.total.saturating_add(count);
    }

    fn pick(&self, turn: u128) -> Option<u128> {
        let mut rest = turn.checked_rem(self.total)?;
        for (first, count) in &self.spans {
            if rest < *count {
                return Some(first + rest);
            }
            rest -= count;
        }
        None
    }
}

impl Sources {
    /// Adds `10.0.0.1`, `10.0.0.1-10.0.0.9`, `10.0.0.0/24` (without the addresses of net and broadcast), or several
    /// of these with commas between.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        text.split(',').try_for_each(|part| self.add_one(part.trim()))
    }

    fn add_one(&mut self, text: &str) -> Result<(), String> {
        let wrong = || {
            format!("`{text}` is no address: write one such as 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/24")
        };
        if let Some(block) = Cidr::parse(text) {
            let (first, last) = block.span();
            let (first, last) = match (block.is_six(), last - first) {
                // A block of one or two has neither.
                (_, 0 | 1) => (first, last),
                (false, _) => (first + 1, last - 1),
                // The first address of an IPv6 net is its routers'.
                (true, _) => (first + 1, last),
            };
            self.spans(block.is_six()).add(first, last);
            return Ok(());
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first: IpAddr = first.trim().parse().map_err(|_| wrong())?;
        let last: IpAddr = last.trim().parse().map_err(|_| wrong())?;
        let ((from, width), (to, other)) = (number(first), number(last));
        if width != other {
            return Err(format!("`{text}` mixes IPv4 and IPv6"));
        }
        if from > to {
            return Err(format!("`{text}` ends before it starts"));
        }
        self.spans(first.is_ipv6()).add(from, to);
        Ok(())
    }

    fn spans(&mut self, is_six: bool) -> &mut Spans {
        if is_six { &mut self.six } else { &mut self.four }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many addresses there are.
    pub fn len(&self) -> u128 {
        self.four.total.saturating_add(self.six.total)
    }

    /// The address for the `turn`th connection to an address of that kind; None where there is none of the kind.
    pub fn pick(&self, turn: usize, is_six: bool) -> Option<IpAddr> {
        let spans = if is_six { &self.six } else { &self.four };
        spans.pick(turn as u128).map(|value| address(value, is_six))
    }

    /// Every address, or the first `most` of each kind.
    pub fn all(&self, most: usize) -> impl Iterator<Item = IpAddr> {
        let take = move |is_six: bool| {
            let total = if is_six { self.six.total } else { self.four.total };
            (0..total.min(most as u128) as usize).filter_map(move |turn| self.pick(turn, is_six))
        };
        take(false).chain(take(true))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        sources.add(text).unwrap();
        sources.all(1000).map(|address| address.to_string()).collect()
    }

    #[test]
    fn addresses_ranges_and_blocks() {
        assert_eq!(all("127.0.0.2"), ["127.0.0.2"]);
        assert_eq!(all("10.0.0.254-10.0.1.1"), ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]);
        assert_eq!(all("10.0.0.0/30"), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(all("10.0.0.0/31"), ["10.0.0.0", "10.0.0.1"]);
        assert_eq!(all("10.0.0.9/32, fd00::1"), ["10.0.0.9", "fd00::1"]);
        assert_eq!(all("fd00::/126"), ["fd00::1", "fd00::2", "fd00::3"]);
        let mut sources = Sources::default();
        sources.add("::/0, 0.0.0.0/0").unwrap();
        assert!(sources.pick(usize::MAX, true).is_some() && sources.pick(usize::MAX, false).is_some());
        for (text, why) in [
            ("", "is no address"),
            ("localhost", "is no address"),
            ("10.0.0.1-", "is no address"),
            ("10.0.0.0/33", "is no address"),
            ("10.0.0.2-10.0.0.1", "ends before it starts"),
            ("10.0.0.2-::1", "mixes IPv4 and IPv6"),
        ] {
            let told = Sources::default().add(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    proptest! {
        #[test]
        fn each_address_has_its_turn(starts in proptest::collection::vec((any::<u32>(), 0u32..20), 1..5)) {
            let mut sources = Sources::default();
            let mut expected = Vec::new();
            for (start, more) in starts {
                let end = start.saturating_add(more);
                let four = |value: u32| std::net::Ipv4Addr::from(value);
                sources.add(&format!("{}-{}", four(start), four(end))).unwrap();
                expected.extend((start..=end).map(|value| IpAddr::from(four(value))));
            }
            let total = sources.len() as usize;
            let picked: Vec<_> = (0..total).map(|turn| sources.pick(turn, false).unwrap()).collect();
            prop_assert_eq!(&picked, &expected);
            prop_assert_eq!(sources.pick(total, false), Some(expected[0]));
            prop_assert_eq!(sources.pick(0, true), None);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,20}") {
            let _ = Sources::default().add(&text);
        }
    }
}
