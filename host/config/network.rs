//! The settings that decide how connections are made: `tls`, `proxy`, `hosts`, `dns`, `http2`,
//! `local_addresses`. Read by `raw`, merged with the proxy variables and shown by `layers` and `show`.

mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::link::{Exempt, Hosts, Link, Lookup, Proxies, Proxy, Rule, TlsOptions};
use crate::units::format_duration;

use super::origin::{Origin, Sited};
use super::safety::Safety;

pub(super) use written::RawNetwork;

/// A shorter password could be part of anything.
const LONG: usize = 8;

/// The sections and what the process's variables add to them.
#[derive(Clone, Debug)]
pub(super) struct Network {
    raw: RawNetwork,
    /// For http and for https, where the file says nothing.
    ambient: [Option<Sited<Result<Proxy, String>>>; 2],
    no_proxy: Option<Sited<String>>,
}

/// A password that is no common word is masked wherever it might come up.
fn hide(proxy: &Proxy) {
    if let Some((_, password)) = proxy.credentials.as_ref().filter(|(_, password)| password.len() >= LONG) {
        crate::mask::add(password);
    }
}

impl Network {
    /// Takes the variables that the file leaves room for, as curl does: small letters first, `ALL_PROXY` last.
    pub(super) fn new(raw: RawNetwork, variables: &BTreeMap<String, String>) -> Network {
        let get = |names: &[&str]| {
            let known = names
                .iter()
                .find_map(|name| Some((*name, variables.get(*name)?)).filter(|(_, v)| !v.is_empty()));
            known.map(|(name, value)| Sited::new(value.clone(), Origin::Variable(name.into())))
        };
        // A server's CGI sets HTTP_PROXY from the header `Proxy`, which anybody can send.
        let is_cgi = variables.contains_key("REQUEST_METHOD");
        let http: &[&str] = match is_cgi {
            true => &["http_proxy", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let https = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        let [own_http, own_https] = &raw.proxies;
        let parse = |text: Sited<String>| {
            let told = |why| format!("{} cannot be used as a proxy: {why}", text.origin);
            let parsed = Proxy::parse(&text.value).map_err(told);
            parsed.iter().for_each(hide);
            Sited::new(parsed, text.origin.clone())
        };
        raw.proxies.iter().flatten().filter_map(|proxy| proxy.value.as_ref()).for_each(hide);
        let ambient =
            |own: &Option<_>, names: &[&str]| if own.is_none() { get(names).map(parse) } else { None };
        Network {
            ambient: [ambient(own_http, http), ambient(own_https, &https)],
            no_proxy: if raw.no_proxy.is_none() { get(&["no_proxy", "NO_PROXY"]) } else { None },
            raw,
        }
    }

    pub(super) fn link(&self) -> Link {
        fn value<T: Clone>(sited: &Option<Sited<T>>) -> Option<T> {
            sited.as_ref().map(|sited| sited.value.clone())
        }
        let (tls, usual) = (&self.raw.tls, TlsOptions::default());
        let rule = |at: usize| match (&self.raw.proxies[at], &self.ambient[at]) {
            (Some(own), _) => {
                Rule { proxy: own.value.clone().map(|proxy| Ok(Arc::new(proxy))), is_ambient: false }
            }
            (None, ambient) => {
                Rule { proxy: value(ambient).map(|proxy| proxy.map(Arc::new)), is_ambient: ambient.is_some() }
            }
        };
        let mut exempt = self.no_proxy.as_ref().map(|list| Exempt::parse(&list.value)).unwrap_or_default();
        for text in self.raw.no_proxy.iter().flat_map(|list| &list.value) {
            exempt.add(text);
        }
        let lookup = Lookup::default();
        Link {
            tls: TlsOptions {
                verify: value(&tls.verify).unwrap_or(usual.verify),
                ca: value(&tls.ca),
                cert: value(&tls.cert),
                key: value(&tls.key),
                server_name: value(&tls.server_name),
                min_version: value(&tls.min_version).unwrap_or(usual.min_version),
                max_version: value(&tls.max_version).unwrap_or(usual.max_version),
                resumption: value(&tls.resumption).unwrap_or(usual.resumption),
            },
            proxies: Proxies { http: rule(0), https: rule(1), exempt },
            hosts: Hosts::new(self.raw.hosts.iter().map(|one| one.value.1.clone()).collect()),
            lookup: Lookup {
                ttl: value(&self.raw.ttl).unwrap_or(lookup.ttl),
                select: value(&self.raw.select).unwrap_or(lookup.select),
                policy: value(&self.raw.policy).unwrap_or(lookup.policy),
            },
            http2: value(&self.raw.http2).unwrap_or_default(),
            sources: value(&self.raw.sources).map(|(_, sources)| sources),
        }
    }

    /// Refuses overrides that lead where `safety.allowed_hosts` does not let a request go: they must not be a way
    /// around it.
    pub(super) fn check(&self, safety: &Safety) -> Result<(), Fault> {
        for Sited { value: (host, entry), origin } in &self.raw.hosts {
            let (to, port) = entry.to();
            if !safety.allows_host(&to.to_string(), port) {
                let what = format!(
                    "`settings.hosts` leads {host} to {to}, which `safety.allowed_hosts` does not list"
                );
                return Err(origin.fault(Exit::Refused, what));
            }
        }
        Ok(())
    }

    /// Every value with its name below `settings` and where it came from.
    pub(super) fn rows(&self) -> Vec<(String, String, Origin)> {
        let (link, tls) = (self.link(), &self.raw.tls);
        let mut rows = Rows(Vec::new());
        let path =
            |path: &Option<PathBuf>| path.as_ref().map_or("none".into(), |path| path.display().to_string());
        rows.add("tls.verify", link.tls.verify, &tls.verify);
        rows.add("tls.ca", path(&link.tls.ca), &tls.ca);
        rows.add("tls.cert", path(&link.tls.cert), &tls.cert);
        rows.add("tls.key", path(&link.tls.key), &tls.key);
        rows.add("tls.server_name", link.tls.server_name.as_deref().unwrap_or("none"), &tls.server_name);
        rows.add("tls.min_version", link.tls.min_version.name(), &tls.min_version);
        rows.add("tls.max_version", link.tls.max_version.name(), &tls.max_version);
        rows.add("tls.resumption", link.tls.resumption, &tls.resumption);
        for (at, (scheme, rule)) in
            [("http", &link.proxies.http), ("https", &link.proxies.https)].iter().enumerate()
        {
            let shown = match &rule.proxy {
                None => "none".into(),
                Some(Ok(proxy)) => proxy.to_string(),
                Some(Err(why)) => format!("unusable ({why})"),
            };
            let name = format!("proxy.{scheme}");
            match &self.ambient[at] {
                Some(_) => rows.add(&name, shown, &self.ambient[at]),
                None => rows.add(&name, shown, &self.raw.proxies[at]),
            }
        }
        match (&self.raw.no_proxy, &self.no_proxy) {
            (Some(list), _) => {
                rows.add("proxy.no_proxy", format!("[{}]", list.value.join(", ")), &self.raw.no_proxy)
            }
            (None, Some(list)) => rows.add("proxy.no_proxy", &list.value, &self.no_proxy),
            (None, None) => rows.add("proxy.no_proxy", "none", &self.no_proxy),
        }
        for one in &self.raw.hosts {
            let (to, port) = (one.value.1.to().0, one.value.1.own_port());
            let shown = port.map_or(to.to_string(), |port| std::net::SocketAddr::new(to, port).to_string());
            rows.0.push((format!("hosts.{}", one.value.0), shown, one.origin.clone()));
        }
        let ttl = match link.lookup.ttl {
            Duration::MAX => "inf".into(),
            ttl => format_duration(ttl),
        };
        rows.add("dns.ttl", ttl, &self.raw.ttl);
        rows.add("dns.select", link.lookup.select.name(), &self.raw.select);
        rows.add("dns.policy", link.lookup.policy.name(), &self.raw.policy);
        rows.add("http2", link.http2.name(), &self.raw.http2);
        let sources =
            self.raw.sources.as_ref().map_or("none".into(), |sources| format!("[{}]", sources.value.0));
        rows.add("local_addresses", sources, &self.raw.sources);
        rows.0
    }
}

struct Rows(Vec<(String, String, Origin)>);

impl Rows {
    fn add<T>(&mut self, name: &str, shown: impl std::fmt::Display, source: &Option<Sited<T>>) {
        let origin = source.as_ref().map_or(Origin::Default, |source| source.origin.clone());
        self.0.push((name.to_owned(), shown.to_string(), origin));
    }
}

#[cfg(test)]
mod tests;
