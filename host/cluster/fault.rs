//! What a person can do something about, where processes meet. Used by all of `cluster`.

use async_nats::{ConnectError, ConnectErrorKind};

use crate::exit::Exit;
use crate::fault::Fault;

/// Addresses as they may be shown: without their passwords.
pub(super) fn shown(urls: &str) -> String {
    let of = |url: &str| match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((before, host)) => match before.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://{host}"),
            None => host.to_owned(),
        },
    };
    urls.split(',').map(|url| of(url.trim())).collect::<Vec<_>>().join(", ")
}

pub(super) fn unreachable(url: &str, error: &ConnectError) -> Fault {
    let url = shown(url);
    let why = error.to_string();
    let (what, help) = match error.kind() {
        ConnectErrorKind::ServerParse => {
            (format!("`{url}` is no address of NATS"), "write --nats nats://HOST:4222, or tls://HOST:4222")
        }
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => (
            format!("NATS at {url} lets nobody in with this name"),
            "name and password, or a token, stand before the host and an `@`; `%40` is an @ in them",
        ),
        _ => {
            (format!("there is no NATS at {url}"), "start one (`nats-server --jetstream`), or correct --nats")
        }
    };
    Fault::new(Exit::Config, what).why(why).help(help)
}

pub(super) fn no_jetstream(url: &str, why: &dyn std::fmt::Display) -> Fault {
    Fault::new(Exit::Config, format!("NATS at {} keeps nothing: JetStream is off", shown(url)))
        .why(why.to_string())
        .help("start it with `nats-server --jetstream`, and give its account room for streams")
}

/// Something that NATS refuses, or does not answer.
pub(super) fn refused(what: &str, why: &dyn std::fmt::Display) -> Fault {
    Fault::new(Exit::Config, format!("NATS does not {what}")).why(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        assert_eq!(shown("nats://a:b@c:4222"), "nats://c:4222");
        assert_eq!(shown("token@c"), "c");
        assert_eq!(shown("nats://c"), "nats://c");
        assert_eq!(shown("nats://a:b@c,x@d"), "nats://c, d");
    }
}
