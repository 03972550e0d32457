//! Proxies: their URLs, and which requests go through which. Used by `config` and `net`.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::exempt::Exempt;
use super::place::is_loopback;

/// A proxy. Its password never shows: `Display` and `Debug` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub kind: ProxyKind,
    /// An IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    pub credentials: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// CONNECT for https, whole URLs for http.
    Http,
    /// Host names are looked up by us (`socks5`).
    Socks5,
    /// Host names are looked up by the proxy (`socks5h`).
    Socks5h,
}

impl ProxyKind {
    fn scheme(self) -> &'static str {
        match self {
            ProxyKind::Http => "http",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        }
    }
}

impl Proxy {
    /// From `http://user:password@host:port`, `socks5://...`, `socks5h://...`; without a scheme it is http.
    ///
    /// # Errors
    /// What is wrong, for people, without the text itself: it may hold a password.
    pub fn parse(text: &str) -> Result<Proxy, String> {
        let text = text.trim();
        let with_scheme;
        let whole = if text.contains("://") {
            text
        } else {
            with_scheme = format!("http://{text}");
            &with_scheme
        };
        let (scheme, rest) = whole.split_once("://").unwrap_or_default();
        let (kind, usual) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (ProxyKind::Http, 80),
            "socks5" => (ProxyKind::Socks5, 1080),
            "socks5h" => (ProxyKind::Socks5h, 1080),
            "https" => return Err("proxies that are spoken to over TLS are not supported".into()),
            scheme if scheme.starts_with("socks") => {
                return Err(format!("{scheme} is not supported: use socks5 or socks5h"));
            }
            _ => return Err("its scheme is not http, socks5 or socks5h".into()),
        };
        // Hosts of other schemes than http are not parsed as hosts.
        let url = Url::parse(&format!("http://{rest}")).map_err(|error| error.to_string())?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("something follows its port".into());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(four)) => four.to_string(),
            Some(Host::Ipv6(six)) => six.to_string(),
            None => return Err("it has no host".into()),
        };
        // A port that is the scheme's usual one is dropped by the parser.
        let is_explicit =
            rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.ends_with(":80"));
        let port = url.port().unwrap_or(if is_explicit { 80 } else { usual });
        if port == 0 {
            return Err("its port is 0".into());
        }
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let credentials = (!url.username().is_empty() || url.password().is_some())
            .then(|| (decode(url.username()), decode(url.password().unwrap_or_default())));
        if let Some((user, password)) = &credentials
            && kind != ProxyKind::Http
            && (user.is_empty() || user.len() > 255 || password.len() > 255)
        {
            return Err("SOCKS takes a user and a password of 255 bytes at most".into());
        }
        Ok(Proxy { kind, host, port, credentials })
    }

    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.kind.scheme())?;
        if let Some((user, password)) = &self.credentials {
            f.write_str(user)?;
            f.write_str(if password.is_empty() { "@" } else { ":***@" })?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What one scheme's requests go through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// None: nothing. What is wrong with a variable is told only where a request would need it.
    pub proxy: Option<Result<Arc<Proxy>, String>>,
    /// It comes from a variable of the process, which must not catch requests to this machine.
    pub is_ambient: bool,
}

/// Which requests go through which proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    pub http: Rule,
    pub https: Rule,
    pub exempt: Exempt,
}

/// The way of one origin's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Direct,
    Through(Arc<Proxy>),
    /// The proxy's URL cannot be used.
    Broken(String),
}

impl Proxies {
    /// For a host (an IPv6 address without brackets) and its port.
    pub fn choose(&self, https: bool, host: &str, port: u16) -> Choice {
        let rule = if https { &self.https } else { &self.http };
        match &rule.proxy {
            None => Choice::Direct,
            Some(_) if rule.is_ambient && is_loopback(host) => Choice::Direct,
            Some(_) if self.exempt.holds(host, port) => Choice::Direct,
            Some(Ok(proxy)) => Choice::Through(proxy.clone()),
            Some(Err(why)) => Choice::Broken(why.clone()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls() {
        for (text, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy:80"),
            ("HTTP://Proxy/", "http://proxy:80"),
            ("socks5://10.0.0.1", "socks5://10.0.0.1:1080"),
            ("socks5://10.0.0.1:80", "socks5://10.0.0.1:80"),
            ("socks5h://u:p@[::1]:9", "socks5h://u:***@[::1]:9"),
            ("http://me@h:1", "http://me@h:1"),
        ] {
            assert_eq!(Proxy::parse(text).unwrap().to_string(), shown, "{text}");
        }
        let proxy = Proxy::parse("http://a%40b:p%3Ass@h:1").unwrap();
        assert_eq!(proxy.credentials, Some(("a@b".into(), "p:ss".into())));
        assert!(!format!("{proxy:?} {proxy}").contains("ss"));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for (text, why) in [
            ("https://u:geheim@h:1", "over TLS"),
            ("socks4://h", "socks4 is not supported"),
            ("ftp://u:geheim@h", "scheme"),
            ("http://u:geheim@", "host"),
            ("http://u:geheim@h:99999", "port"),
            ("http://u:geheim@h:1/path", "follows"),
            ("http://h:0", "port is 0"),
            ("", "host"),
            ("socks5://:geheim@h", "a user and a password"),
        ] {
            let told = Proxy::parse(text).unwrap_err();
            assert!(told.contains(why) && !told.contains("geheim"), "{text}: {told}");
        }
    }

    #[test]
    fn variables_never_catch_requests_to_this_machine() {
        let proxy = Arc::new(Proxy::parse("proxy:1").unwrap());
        let rule = |is_ambient| Rule { proxy: Some(Ok(proxy.clone())), is_ambient };
        let proxies = Proxies { http: rule(true), https: rule(false), exempt: Exempt::parse("internal") };
        let through = Choice::Through(proxy.clone());
        assert_eq!(proxies.choose(false, "127.0.0.1", 80), Choice::Direct);
        assert_eq!(proxies.choose(true, "127.0.0.1", 443), through);
        assert_eq!(proxies.choose(false, "example.com", 80), through);
        assert_eq!(proxies.choose(true, "a.internal", 443), Choice::Direct);
        let broken = Rule { proxy: Some(Err("why".into())), is_ambient: true };
        let proxies = Proxies { http: broken, ..Proxies::default() };
        assert_eq!(proxies.choose(false, "localhost", 80), Choice::Direct);
        assert_eq!(proxies.choose(false, "example.com", 80), Choice::Broken("why".into()));
        assert_eq!(proxies.choose(true, "example.com", 443), Choice::Direct);
    }

    proptest! {
        #[test]
        fn no_text_panics_or_shows_its_password(text in "\\PC{0,20}", user in "[a-z]{1,4}", password in "[0-9]{6,8}") {
            let _ = Proxy::parse(&text);
            let proxy = Proxy::parse(&format!("socks5://{user}:{password}@h:1")).unwrap();
            prop_assert!(!proxy.to_string().contains(&password));
        }
    }
}
