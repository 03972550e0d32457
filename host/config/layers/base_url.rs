//! What a base URL may be, and its password. Used by `layers`.

use super::Layers;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::mask;

use super::super::origin::Sited;
use super::super::variables::SURELY_SECRET;

/// A password that is no common word is hidden wherever it comes up, as a proxy's is; elsewhere it is in URLs.
pub(super) fn hide_password(base_url: &str) {
    let password = url::Url::parse(base_url).ok().and_then(|url| url.password().map(str::to_owned));
    if let Some(password) = password.filter(|password| password.len() >= SURELY_SECRET) {
        mask::add(&percent_encoding::percent_decode_str(&password).decode_utf8_lossy());
    }
}

impl Layers {
    /// That a host which was given leads requests elsewhere, but not the calls of gRPC; None where nobody can take it
    /// for both.
    pub fn host_beside_grpc(&self) -> Option<String> {
        let (given, grpc) = (self.given.host.as_ref()?, self.written()?.grpc_host.as_ref()?);
        let (from, at) = (&given.origin, &grpc.origin);
        Some(format!(
            "{from} does not lead the calls of gRPC elsewhere: they go to `grpc_host`, {} ({at})",
            grpc.value
        ))
    }
}

pub(super) fn check_url(base_url: &Sited<String>) -> Result<(), Fault> {
    let wrong = |why: String| {
        let what = format!("base URL `{}` cannot be used", mask::hide_password(&base_url.value));
        let fault = base_url.origin.fault(Exit::Config, what);
        let from = fault.why.clone().map(|from| format!("{from}; ")).unwrap_or_default();
        fault.why(format!("{from}{why}")).help("write it as http://host:port or https://host")
    };
    if !base_url.value.contains("://") {
        return Err(wrong("it has no scheme".to_string()));
    }
    let url = url::Url::parse(&base_url.value).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!("its scheme is `{}`", url.scheme())));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a query or a fragment".to_string()));
    }
    Ok(())
}
