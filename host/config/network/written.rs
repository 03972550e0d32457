//! The sections as written: every key checked and typed. Used by `network`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::document::{Kind, Node};
use crate::config::origin::{Origin, Sited};
use crate::config::section::{Section, scalar};
use crate::config::value;
use crate::exit::Exit;
use crate::link::{Exempt, Http2, Override, Policy, Proxy, Select, Sources, TlsVersion};

const TLS: &[&str] =
    &["verify", "ca", "cert", "key", "server_name", "min_version", "max_version", "resumption"];
const PROXY: &[&str] = &["http", "https", "no_proxy"];
const DNS: &[&str] = &["ttl", "select", "policy"];

/// The sections as written.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawNetwork {
    pub(in crate::config) tls: RawTls,
    /// For http and for https; None in it: no proxy, whatever the variables say.
    pub(in crate::config) proxies: [Option<Sited<Option<Proxy>>>; 2],
    pub(in crate::config) no_proxy: Option<Sited<Vec<String>>>,
    pub(in crate::config) hosts: Vec<Sited<(String, Override)>>,
    pub(in crate::config) ttl: Option<Sited<Duration>>,
    pub(in crate::config) select: Option<Sited<Select>>,
    pub(in crate::config) policy: Option<Sited<Policy>>,
    pub(in crate::config) http2: Option<Sited<Http2>>,
    pub(in crate::config) sources: Option<Sited<(String, Sources)>>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct RawTls {
    pub(in crate::config) verify: Option<Sited<bool>>,
    pub(in crate::config) ca: Option<Sited<PathBuf>>,
    pub(in crate::config) cert: Option<Sited<PathBuf>>,
    pub(in crate::config) key: Option<Sited<PathBuf>>,
    pub(in crate::config) server_name: Option<Sited<String>>,
    pub(in crate::config) min_version: Option<Sited<TlsVersion>>,
    pub(in crate::config) max_version: Option<Sited<TlsVersion>>,
    pub(in crate::config) resumption: Option<Sited<bool>>,
}

impl RawNetwork {
    /// From `settings`; relative paths start at `folder`.
    pub(in crate::config) fn read(settings: &Section<'_>, folder: &Path) -> RawNetwork {
        let mut raw = RawNetwork::default();
        if let Some(section) = settings.section("tls", Some(TLS)) {
            raw.tls = RawTls::read(&section, folder);
        }
        raw.read_proxy(settings);
        if let Some(section) = settings.section("hosts", None) {
            for entry in section.entries() {
                let origin = section.origin(&entry.node);
                let to = scalar(&entry.node).ok().and_then(|value| value.as_str()).unwrap_or("");
                match Override::parse(&entry.key, to) {
                    Ok(parsed) => raw.hosts.push(Sited::new((entry.key.clone(), parsed), origin)),
                    Err(why) => {
                        let (from, to) = (&entry.key, entry.node.describe());
                        let what = format!("`settings.hosts` cannot have `{from}` lead to {to}");
                        section.note(origin.fault(Exit::Config, what).why(why));
                    }
                }
            }
        }
        if let Some(section) = settings.section("dns", Some(DNS)) {
            raw.ttl =
                section.read("ttl", "a duration such as 30s, or inf", &|node| match scalar(node)?.as_str() {
                    Some("inf") => Ok(Duration::MAX),
                    _ => value::duration(scalar(node)?),
                });
            raw.select = section.read("select", &one_of(Select::NAMES), &|node| {
                scalar(node)?.as_str().and_then(Select::parse).ok_or(None)
            });
            raw.policy = section.read("policy", &one_of(Policy::NAMES), &|node| {
                scalar(node)?.as_str().and_then(Policy::parse).ok_or(None)
            });
        }
        raw.http2 = settings.read("http2", "`auto`, `prior_knowledge`, true or false", &|node| {
            let value = scalar(node)?;
            match (value.as_bool(), value.as_str()) {
                (Some(true), _) => Ok(Http2::Auto),
                (Some(false), _) => Ok(Http2::Never),
                (None, Some(text)) => Http2::parse(text).ok_or(None),
                (None, None) => Err(None),
            }
        });
        raw.sources =
            settings.read("local_addresses", "an address, a range, a block, or a list of these", &|node| {
                let texts = texts(node)?;
                let mut sources = Sources::default();
                texts.iter().try_for_each(|text| sources.add(text)).map_err(Some)?;
                if sources.is_empty() {
                    Err(Some("it is empty".into()))
                } else {
                    Ok((texts.join(", "), sources))
                }
            });
        raw
    }

    fn read_proxy(&mut self, settings: &Section<'_>) {
        let Some(node) = settings.node("proxy") else { return };
        if !matches!(node.kind, Kind::Map(_)) {
            let proxy = proxy(settings, node, "settings.proxy");
            self.proxies = [proxy.clone(), proxy];
            return;
        }
        let Some(section) = settings.section("proxy", Some(PROXY)) else { return };
        for (scheme, place) in ["http", "https"].into_iter().zip(&mut self.proxies) {
            if let Some(node) = section.node(scheme) {
                *place = proxy(&section, node, &section.name(scheme));
            }
        }
        self.no_proxy = section.read("no_proxy", "a list of hosts, domains, addresses or blocks", &|node| {
            let texts = texts(node)?;
            let mut exempt = Exempt::default();
            match texts.iter().find(|text| !exempt.add(text)) {
                Some(wrong) => Err(Some(format!("`{wrong}` is no host, domain, address or block"))),
                None => Ok(texts),
            }
        });
    }
}

impl RawTls {
    fn read(tls: &Section<'_>, folder: &Path) -> RawTls {
        let version = |key: &str| {
            tls.read(key, "1.2 or 1.3", &|node| {
                let value = scalar(node)?;
                // Unquoted it is a number.
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                TlsVersion::parse(&text).ok_or(None)
            })
        };
        let raw = RawTls {
            verify: tls.flag("verify"),
            ca: file(tls, folder, "ca"),
            cert: file(tls, folder, "cert"),
            key: file(tls, folder, "key"),
            server_name: tls.text("server_name"),
            min_version: version("min_version"),
            max_version: version("max_version"),
            resumption: tls.flag("resumption"),
        };
        // A `cert` that is wrong has been told; it is there.
        if let (Some(key), None) = (&raw.key, tls.node("cert")) {
            let fault = key.origin.fault(Exit::Config, "`settings.tls.key` needs `settings.tls.cert`");
            tls.note(fault.help("name the certificate's file; one file with both is given as `cert` alone"));
        }
        if let (Some(min), Some(max)) = (&raw.min_version, &raw.max_version)
            && min.value > max.value
        {
            let what = "`settings.tls.max_version` is below `settings.tls.min_version`";
            tls.note(max.origin.fault(Exit::Config, what));
        }
        if let Some(name) = &raw.server_name
            && (name.value.contains(':') && name.value.parse::<std::net::IpAddr>().is_err()
                || url::Host::parse(&name.value).is_err() && name.value.parse::<std::net::IpAddr>().is_err())
        {
            let what = format!("`settings.tls.server_name` is no host name: `{}`", name.value);
            let fault = name.origin.fault(Exit::Config, what);
            tls.note(fault.help("write the name alone, such as api.example.com"));
        }
        raw
    }
}

/// `` `a`, `b` or `c` ``
fn one_of<T>(names: &[(&str, T)]) -> String {
    let names: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// A list of texts, or one text with commas.
fn texts(node: &Node) -> value::Reading<Vec<String>> {
    match &node.kind {
        Kind::List(nodes) => nodes
            .iter()
            .map(|node| {
                let text = scalar(node).and_then(value::text);
                text.map_err(|_| Some(format!("it holds {}", node.describe())))
            })
            .collect(),
        _ => {
            let text = value::text(scalar(node)?)?;
            Ok(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
        }
    }
}

fn file(section: &Section<'_>, folder: &Path, key: &str) -> Option<Sited<PathBuf>> {
    let text = section.text(key)?;
    let path = folder.join(&text.value);
    if !path.is_file() {
        let what = format!("`{}` names {}, which is not a file", section.name(key), path.display());
        let help = "a relative path starts at the folder of the environment file";
        section.note(text.origin.fault(Exit::Config, what).help(help));
        return None;
    }
    Some(Sited::new(path, text.origin))
}

/// A proxy's URL, or `none`. What is told of a wrong one shows no password, nor its line.
fn proxy(section: &Section<'_>, node: &Node, name: &str) -> Option<Sited<Option<Proxy>>> {
    let mut origin = section.origin(node);
    let Some(text) = scalar(node).ok().and_then(|value| value.as_str()) else {
        let what = format!("`{name}` must be a proxy's URL or `none`, not {}", node.describe());
        let fault = origin.fault(Exit::Config, what);
        section.note(fault.help("write it as http://host:port or socks5://host:port"));
        return None;
    };
    if text == "none" {
        return Some(Sited::new(None, origin));
    }
    match Proxy::parse(text) {
        Ok(proxy) => Some(Sited::new(Some(proxy), origin)),
        Err(why) => {
            if let Origin::File(place) = &mut origin
                && text.contains('@')
            {
                place.source = None;
            }
            let fault = origin.fault(Exit::Config, format!("`{name}` cannot be used as a proxy"));
            section.note(
                fault
                    .why(why)
                    .help("write it as http://user:password@host:port or socks5://host:port, or `none`"),
            );
            None
        }
    }
}
