//! Whether a server has asked for a certificate that this side does not have: some say so by closing the connection, and
//! by nothing else. Used by `tls` and `connector`.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

thread_local! {
    /// By the handshake that this thread is polling.
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Has no certificate, and takes note that it was asked for one.
#[derive(Debug)]
pub(super) struct Nameless;

impl ResolvesClientCert for Nameless {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        IS_ASKED.set(true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A handshake, and whether its server has asked for a certificate in vain.
pub(super) async fn watch<T>(handshake: impl Future<Output = T>) -> (T, bool) {
    let mut handshake = pin!(handshake);
    let mut is_asked = false;
    poll_fn(|cx| {
        IS_ASKED.set(false);
        let polled = handshake.as_mut().poll(cx);
        is_asked |= IS_ASKED.take();
        polled.map(|done| (done, is_asked))
    })
    .await
}
