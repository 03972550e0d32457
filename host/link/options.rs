//! Everything that decides how connections are made, in one value. Made by `config`, held by `net`.

use std::path::PathBuf;

use super::hosts::Hosts;
use super::lookup::Lookup;
use super::proxy::Proxies;
use super::sources::Sources;

/// The default is a connection straight to what the host's name leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub tls: TlsOptions,
    pub proxies: Proxies,
    pub hosts: Hosts,
    pub lookup: Lookup,
    pub http2: Http2,
    /// Where connections start; None: where the system decides.
    pub sources: Option<Sources>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TlsOptions {
    /// Whether servers' certificates are checked.
    pub verify: bool,
    /// A PEM file of further certificate authorities.
    pub ca: Option<PathBuf>,
    /// A PEM file with the client's certificate, and its key where `key` names no other file.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Asked for by SNI and looked for in certificates, instead of the URL's host.
    pub server_name: Option<String>,
    pub min_version: TlsVersion,
    pub max_version: TlsVersion,
    /// Whether later connections to a server may resume the session of earlier ones.
    pub resumption: bool,
}

impl Default for TlsOptions {
    fn default() -> Self {
        TlsOptions {
            verify: true,
            ca: None,
            cert: None,
            key: None,
            server_name: None,
            min_version: TlsVersion::V12,
            max_version: TlsVersion::V13,
            resumption: true,
        }
    }
}

/// Whether connections speak HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Http2 {
    Never,
    /// Over https, where the server agrees by ALPN.
    #[default]
    Auto,
    /// Always: over http without asking, over https with nothing else offered.
    PriorKnowledge,
}

impl Http2 {
    pub const NAMES: &[(&str, Http2)] =
        &[("auto", Http2::Auto), ("never", Http2::Never), ("prior_knowledge", Http2::PriorKnowledge)];

    pub fn parse(text: &str) -> Option<Http2> {
        let text = text.replace('-', "_");
        Http2::NAMES.iter().find(|(name, _)| *name == text).map(|(_, mode)| *mode)
    }

    pub fn name(self) -> &'static str {
        Http2::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    /// Whether a connection of this kind may turn out to be one of HTTP/2.
    pub fn may_be(self, https: bool) -> bool {
        match self {
            Http2::Never => false,
            Http2::Auto => https,
            Http2::PriorKnowledge => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    V12,
    V13,
}

impl TlsVersion {
    pub fn parse(text: &str) -> Option<TlsVersion> {
        match text {
            "1.2" => Some(TlsVersion::V12),
            "1.3" => Some(TlsVersion::V13),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::V12 => "1.2",
            TlsVersion::V13 => "1.3",
        }
    }
}
