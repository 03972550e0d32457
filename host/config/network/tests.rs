//! What the sections mean, what is refused, and what is shown.
#![allow(clippy::unwrap_used)]

use super::super::document::Source;
use super::super::raw::Raw;
use super::super::yaml::Lookup as Variables;
use super::*;
use std::path::Path;

use crate::link::{Choice, Http2, Select, TlsVersion};

struct Nothing;

impl Variables for Nothing {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<&str> {
        Vec::new()
    }
}

fn raw(settings: &str) -> Result<Raw, Fault> {
    let text =
        format!("settings:\n{}", settings.lines().map(|line| format!("  {line}\n")).collect::<String>());
    // Paths start at this package.
    Raw::parse(
        Source { name: "config/int.yaml".into(), text },
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &Nothing,
    )
    .map_err(|mut faults| faults.remove(0))
}

fn network(settings: &str, variables: &[(&str, &str)]) -> Network {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Network::new(raw(settings).unwrap().settings.network, &variables)
}

fn shown(network: &Network) -> BTreeMap<String, String> {
    network.rows().into_iter().map(|(name, value, origin)| (name, format!("{value} # {origin}"))).collect()
}

/// Where requests go, as text.
fn ways<const N: usize>(network: &Network, urls: [(bool, &str, u16); N]) -> [String; N] {
    let proxies = network.link().proxies;
    urls.map(|(https, host, port)| match proxies.choose(https, host, port) {
        Choice::Direct => "-".into(),
        Choice::Through(proxy) => proxy.to_string(),
        Choice::Broken(why) => why,
    })
}

#[test]
fn nothing_set_is_the_default() {
    assert_eq!(network("", &[]).link(), Link::default());
    let rows = shown(&network("", &[]));
    assert!(rows.values().all(|row| row.ends_with("# default")), "{rows:?}");
    assert_eq!(rows["tls.min_version"], "1.2 # default");
    assert_eq!(rows["dns.ttl"], "30s # default");
}

#[test]
fn all_settings() {
    let network = network(
        "tls: {verify: false, ca: Cargo.toml, cert: Cargo.lock, key: Makefile, server_name: api.int, \
         min_version: 1.3, max_version: \"1.3\", resumption: false}\n\
         proxy: {http: \"http://u:geheim@p:1\", https: none, no_proxy: [a.com, 10.0.0.0/8]}\n\
         hosts: {api.com: 10.0.0.1, \"*.b.com:443\": \"[::1]:8443\"}\n\
         dns: {ttl: inf, select: roundRobin, policy: onlyIPv4}\nlocal_addresses: 10.0.0.1-10.0.0.3, ::1",
        &[("HTTPS_PROXY", "http://ambient:1"), ("NO_PROXY", "b.com")],
    );
    let link = network.link();
    assert_eq!((link.tls.verify, link.tls.resumption), (false, false));
    assert_eq!(link.tls.min_version, TlsVersion::V13);
    assert!(link.tls.key.unwrap().ends_with("Makefile"));
    assert_eq!(link.hosts.find("x.b.com", 443), Some("[::1]:8443".parse().unwrap()));
    assert_eq!((link.lookup.ttl, link.lookup.select), (Duration::MAX, Select::RoundRobin));
    assert_eq!(link.sources.unwrap().len(), 4);
    let ways = ways(
        &network,
        [(false, "b.com", 80), (false, "x.a.com", 80), (false, "10.9.9.9", 80), (true, "c.com", 443)],
    );
    assert_eq!(ways, ["http://u:***@p:1", "-", "-", "-"]);
    let rows = shown(&network);
    for (name, row) in [
        ("tls.server_name", "api.int # config/int.yaml:2"),
        ("proxy.http", "http://u:***@p:1 # config/int.yaml:3"),
        ("proxy.https", "none # config/int.yaml:3"),
        ("proxy.no_proxy", "[a.com, 10.0.0.0/8] # config/int.yaml:3"),
        ("hosts.*.b.com:443", "[::1]:8443 # config/int.yaml:4"),
        ("dns.ttl", "inf # config/int.yaml:5"),
        ("dns.select", "round-robin # config/int.yaml:5"),
        ("dns.policy", "onlyIPv4 # config/int.yaml:5"),
        ("local_addresses", "[10.0.0.1-10.0.0.3, ::1] # config/int.yaml:6"),
    ] {
        assert_eq!(rows[name], row, "{name}");
    }
}

#[test]
fn http2_by_name_or_truth() {
    for (settings, mode, shown_as) in [
        ("http2: auto", Http2::Auto, "auto"),
        ("http2: true", Http2::Auto, "auto"),
        ("http2: false", Http2::Never, "never"),
        ("http2: never", Http2::Never, "never"),
        ("http2: prior_knowledge", Http2::PriorKnowledge, "prior_knowledge"),
        ("http2: prior-knowledge", Http2::PriorKnowledge, "prior_knowledge"),
    ] {
        let network = network(settings, &[]);
        assert_eq!(network.link().http2, mode, "{settings}");
        assert_eq!(shown(&network)["http2"], format!("{shown_as} # config/int.yaml:2"));
    }
    assert_eq!(shown(&network("", &[]))["http2"], "auto # default");
}

#[test]
fn variables_as_curl_reads_them() {
    let urls = [(false, "h.com", 80), (true, "h.com", 443), (false, "127.0.0.1", 80), (true, "x.com", 443)];
    for (settings, variables, expected) in [
        ("", &[("HTTP_PROXY", "http://p:1")][..], ["http://p:1", "-", "-", "-"]),
        ("", &[("HTTP_PROXY", "http://p:1"), ("http_proxy", "q:2")], ["http://q:2", "-", "-", "-"]),
        ("", &[("HTTP_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")], ["-", "-", "-", "-"]),
        (
            "",
            &[("ALL_PROXY", "socks5h://p:1"), ("HTTPS_PROXY", "q:2")],
            ["socks5h://p:1", "http://q:2", "-", "http://q:2"],
        ),
        ("", &[("all_proxy", "p:1"), ("NO_PROXY", "h.com")], ["-", "-", "-", "http://p:1"]),
        ("", &[("all_proxy", ""), ("http_proxy", "")], ["-", "-", "-", "-"]),
        ("proxy: none", &[("ALL_PROXY", "p:1")], ["-", "-", "-", "-"]),
        (
            "proxy: q:9",
            &[("ALL_PROXY", "p:1"), ("NO_PROXY", "x.com")],
            ["http://q:9", "http://q:9", "http://q:9", "-"],
        ),
        ("proxy: {https: q:9}", &[("ALL_PROXY", "p:1")], ["http://p:1", "http://q:9", "-", "http://q:9"]),
        (
            "proxy: {no_proxy: h.com}",
            &[("ALL_PROXY", "p:1"), ("NO_PROXY", "x.com")],
            ["-", "-", "-", "http://p:1"],
        ),
    ] {
        assert_eq!(ways(&network(settings, variables), urls), expected, "{settings} {variables:?}");
    }
    let broken = network("", &[("HTTP_PROXY", "socks4://u:geheim@h")]);
    let [way, own] = ways(&broken, [(false, "h.com", 80), (false, "localhost", 80)]);
    assert!(
        way.starts_with("variable HTTP_PROXY cannot be used as a proxy: socks4 is not supported"),
        "{way}"
    );
    assert_eq!(own, "-");
    assert!(!format!("{:?}", shown(&broken)).contains("geheim"));
}

#[test]
fn faults_name_key_line_and_remedy() {
    for (settings, what, line, hint) in [
        ("tls: {certs: a}", "unknown key `certs` in `settings.tls`", 2, "did you mean `cert`?"),
        (
            "tls:\n  cert: nowhere.pem",
            "nowhere.pem, which is not a file",
            3,
            "folder of the environment file",
        ),
        ("tls: {key: Makefile}", "`settings.tls.key` needs `settings.tls.cert`", 2, "one file with both"),
        ("tls: {min_version: 1.1}", "`settings.tls.min_version` must be 1.2 or 1.3, not `1.1`", 2, ""),
        ("tls: {min_version: 1.3, max_version: 1.2}", "max_version` is below", 2, ""),
        (
            "tls: {server_name: \"http://h\"}",
            "`settings.tls.server_name` is no host name: `http://h`",
            2,
            "alone",
        ),
        ("proxy: ftp://h", "`settings.proxy` cannot be used as a proxy", 2, "its scheme is not"),
        ("proxy: {http: 5}", "`settings.proxy.http` must be a proxy's URL or `none`, not `5`", 2, "socks5"),
        ("proxy: {htps: a}", "unknown key `htps` in `settings.proxy`", 2, "did you mean `https`?"),
        (
            "proxy: {no_proxy: [a b]}",
            "`settings.proxy.no_proxy` must be a list of hosts",
            2,
            "`a b` is no host",
        ),
        (
            "hosts:\n  h: other.com",
            "`settings.hosts` cannot have `h` lead to the text \"other.com\"",
            3,
            "no address",
        ),
        ("hosts:\n  http://h: 10.0.0.1", "`settings.hosts` cannot have `http://h` lead", 3, "no host"),
        ("hosts: [a]", "`settings.hosts` must be a mapping", 2, ""),
        ("dns: {select: last}", "`settings.dns.select` must be `first`, `round-robin` or `random`", 2, ""),
        ("dns: {policy: v4}", "`settings.dns.policy` must be `any`, `preferIPv4`", 2, ""),
        ("dns: {ttl: soon}", "`settings.dns.ttl` must be a duration such as 30s, or inf", 2, "not a number"),
        (
            "local_addresses: [10.0.0.1, eth0]",
            "`settings.local_addresses` must be an address",
            2,
            "`eth0` is no address",
        ),
        ("local_addresses: []", "`settings.local_addresses` must be an address", 2, "it is empty"),
        (
            "http2: h2c",
            "`settings.http2` must be `auto`, `prior_knowledge`, true or false, not the text \"h2c\"",
            2,
            "",
        ),
        ("http2: [auto]", "`settings.http2` must be `auto`", 2, ""),
        ("hostes: {}", "unknown key `hostes` in `settings`", 2, "did you mean `hosts`?"),
    ] {
        let fault = raw(settings).unwrap_err();
        let shown = fault.render(false);
        assert!(fault.what.contains(what), "{settings}: {shown}");
        assert_eq!((fault.exit, fault.at.as_ref().unwrap().line), (Exit::Config, line), "{settings}");
        assert!(shown.contains(hint), "{settings}: {shown}");
    }
    let shown = raw("proxy: https://u:geheim@h").unwrap_err().render(false);
    assert!(shown.contains("config/int.yaml:2") && !shown.contains("geheim"), "{shown}");
}

#[test]
fn overrides_lead_only_where_requests_may_go() {
    let network = network("hosts: {api.com: \"10.0.0.1:8443\"}", &[]);
    let safety = |hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| host.to_string()).collect();
        Safety { allowed_hosts: Some(Sited::new(hosts, Origin::Default)), ..Safety::default() }
    };
    assert!(network.check(&Safety::default()).is_ok());
    assert!(network.check(&safety(&["api.com", "10.0.0.1"])).is_ok());
    assert!(network.check(&safety(&["api.com", "10.0.0.1:8443"])).is_ok());
    let fault = network.check(&safety(&["api.com", "10.0.0.1:443"])).unwrap_err();
    assert_eq!(fault.exit, Exit::Refused);
    assert_eq!(
        fault.what,
        "`settings.hosts` leads api.com to 10.0.0.1, which `safety.allowed_hosts` does not list"
    );
}
