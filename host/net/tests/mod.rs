//! Behaviour of the client against servers that send exactly what a test says.
#![allow(clippy::unwrap_used)]

mod basic;
mod bodies;
mod certificates;
mod chains;
mod digests;
mod downloads;
mod failures;
mod http2;
mod identities;
mod places;
mod proxies;
pub(super) mod proxy;
mod secure;
pub(super) mod server;
mod uploads;

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use http::Method;

use super::{Client, Net, Request, Response, Settings, Tls};
use crate::link::{Link, TlsOptions};

/// Runs a test as a worker runs its VUs.
fn run<T>(test: impl Future<Output = T>) -> T {
    let options = tokio::runtime::LocalOptions::default();
    tokio::runtime::Builder::new_current_thread().enable_all().build_local(options).unwrap().block_on(test)
}

fn client(settings: Settings) -> Client {
    let tls = Tls::new(settings.link.tls.clone());
    Client::new(Net::new(settings, tls).unwrap())
}

/// A client that connects in this way.
fn linked(link: Link) -> Client {
    client(Settings { link: Arc::new(link), ..Settings::default() })
}

fn plain() -> Client {
    client(Settings::default())
}

fn get(target: &str) -> Request<'_> {
    Request::new(Method::GET, target)
}

fn post<'a>(target: &'a str, body: &'static str) -> Request<'a> {
    Request { body: body.into(), ..Request::new(Method::POST, target) }
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn base(client: &Client, url: &str) -> Rc<super::Base> {
    client.net().base(url).unwrap()
}
