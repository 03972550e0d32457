//! A host with an optional port, as it is written in lists: `api.example.com:8443`, `10.0.0.1`, `[::1]:80`, `::1`.
//! Used by `exempt`, `hosts` and `proxy`.

use std::net::IpAddr;

/// Splits the port off; the host without brackets. None where there is no host, or the port is none.
pub(super) fn split(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return match after {
            "" => Some((host, None)),
            after => Some((host, Some(port(after.strip_prefix(':')?)?))),
        };
    }
    match text.split_once(':') {
        // More than one colon without brackets: an IPv6 address.
        Some((_, rest)) if rest.contains(':') => {
            text.parse::<std::net::Ipv6Addr>().ok()?;
            Some((text, None))
        }
        Some(("", _)) => None,
        Some((host, digits)) => Some((host, Some(port(digits)?))),
        None if text.is_empty() => None,
        None => Some((text, None)),
    }
}

pub(super) fn port(digits: &str) -> Option<u16> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

/// Whether it can be a host's name: not empty, no blanks, none of the marks of a URL.
pub(super) fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.chars().all(is_fit) && !text.starts_with(['.', '-']) && !text.contains("..")
}

/// Host names compare in lower case and without the dot of the root.
pub(super) fn canonical(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Whether the host is this machine itself, as far as its name tells.
pub fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let host = canonical(host);
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_and_ports() {
        for (text, expected) in [
            ("h", Some(("h", None))),
            ("h:80", Some(("h", Some(80)))),
            ("10.0.0.1:1", Some(("10.0.0.1", Some(1)))),
            ("::1", Some(("::1", None))),
            ("[::1]", Some(("::1", None))),
            ("[::1]:443", Some(("::1", Some(443)))),
            ("", None),
            (":80", None),
            ("h:", None),
            ("h:x", None),
            ("h:+1", None),
            ("h:65536", None),
            ("[::1", None),
            ("[::1]80", None),
            ("[h]:80", None),
            ("a:b:c", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn this_machine() {
        for (host, is) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("app.localhost", true),
            ("127.0.0.1", true),
            ("127.9.8.7", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
            ("128.0.0.1", false),
        ] {
            assert_eq!(is_loopback(host), is, "{host}");
        }
    }

    proptest! {
        #[test]
        fn splitting_never_panics(text in "\\PC{0,12}") {
            if let Some((host, _)) = split(&text) {
                prop_assert!(!host.is_empty());
            }
        }

        #[test]
        fn what_is_joined_splits(host in "[a-z][a-z0-9.-]{0,10}", port in any::<u16>(), six in any::<u128>()) {
            let (text, expected) = (format!("{host}:{port}"), Some((host.as_str(), Some(port))));
            prop_assert_eq!(split(&text), expected);
            let six = std::net::Ipv6Addr::from(six).to_string();
            let (text, expected) = (format!("[{six}]:{port}"), Some((six.as_str(), Some(port))));
            prop_assert_eq!(split(&text), expected);
        }
    }
}
