//! A block of addresses, `10.0.0.0/8` or `fd00::/16`. Used by `exempt` and `sources`.

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The block's first address.
    first: IpAddr,
    bits: u8,
}

/// An address as a number, and how many bits it has.
pub(super) fn number(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(four) => (u32::from(four).into(), 32),
        IpAddr::V6(six) => (six.into(), 128),
    }
}

/// The reverse of `number`.
pub(super) fn address(number: u128, is_six: bool) -> IpAddr {
    if is_six { IpAddr::V6(number.into()) } else { IpAddr::V4((number as u32).into()) }
}

impl Cidr {
    /// None where it is no block; bits beyond the prefix are dropped.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (start, bits) = text.split_once('/')?;
        let (start, width) = (start.parse::<IpAddr>().ok()?, bits);
        let (value, most) = number(start);
        let bits = u8::try_from(super::place::port(width)?).ok().filter(|bits| *bits <= most)?;
        let rest = most - bits;
        let first = if rest == 128 { 0 } else { value >> rest << rest };
        Some(Cidr { first: address(first, most == 128), bits })
    }

    pub fn contains(&self, other: IpAddr) -> bool {
        let ((first, most), (value, width)) = (number(self.first), number(other));
        let rest = most - self.bits;
        most == width && (rest == 128 || first >> rest == value >> rest)
    }

    /// First and last address.
    pub(super) fn span(&self) -> (u128, u128) {
        let (first, most) = number(self.first);
        let rest = most - self.bits;
        let size = if rest == 128 { u128::MAX } else { (1 << rest) - 1 };
        (first, first + size)
    }

    pub(super) fn is_six(&self) -> bool {
        self.first.is_ipv6()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks() {
        let block = Cidr::parse("192.168.3.77/22").unwrap();
        for (address, inside) in [
            ("192.168.0.0", true),
            ("192.168.3.255", true),
            ("192.168.4.0", false),
            ("::ffff:192.168.0.1", false),
        ] {
            assert_eq!(block.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert!(Cidr::parse("0.0.0.0/0").unwrap().contains("255.255.255.255".parse().unwrap()));
        assert!(Cidr::parse("::/0").unwrap().contains("ffff::1".parse().unwrap()));
        assert!(Cidr::parse("fd00::/8").unwrap().contains("fdff::1".parse().unwrap()));
        for bad in ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/+8", "a/8"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_its_span_and_nothing_beside_it(value in any::<u32>(), bits in 1u8..=32) {
            let four = std::net::Ipv4Addr::from(value);
            let block = Cidr::parse(&format!("{four}/{bits}")).unwrap();
            let (first, last) = block.span();
            prop_assert_eq!(last - first + 1, 1u128 << (32 - bits));
            prop_assert!(block.contains(four.into()));
            prop_assert!(block.contains(address(first, false)) && block.contains(address(last, false)));
            if first > 0 {
                prop_assert!(!block.contains(address(first - 1, false)));
            }
            if last < u128::from(u32::MAX) {
                prop_assert!(!block.contains(address(last + 1, false)));
            }
        }
    }
}
