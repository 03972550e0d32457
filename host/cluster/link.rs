//! The connection to NATS, and the stream and the bucket of a run. Used by all of `cluster`.

use std::io::Write;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::kv::{Entry, Store, UpdateErrorKind};
use async_nats::jetstream::stream::{self, DiscardPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exit::Exit;
use crate::fault::Fault;

use super::fault::{no_jetstream, refused, shown, unreachable};
use super::wire::{pack, unpack};

/// So long a run can be followed after its end; NATS forgets it then.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Between two attempts at a NATS that is not there yet.
const RETRY: Duration = Duration::from_millis(500);

/// Of an answer of NATS.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub(super) struct Link {
    pub(super) context: Context,
    pub(super) stream: Stream,
    pub(super) store: Store,
    /// The name of the run.
    pub(super) run: String,
    client: Client,
}

/// A value that was read, and its revision.
pub(super) struct Held<T> {
    pub(super) value: T,
    pub(super) revision: u64,
    /// When it was written by the clock of the server, ns since 1970.
    pub(super) nanos: i128,
}

impl Link {
    /// Connects, and makes stream and bucket where they are not there yet. Who joins waits so long for a NATS that is
    /// not there yet; None for those who only look.
    ///
    /// # Errors
    /// [`Exit::Config`]: no NATS, no JetStream, no room; no such run for those who only look.
    pub(super) async fn open(url: &str, run: &str, joins: Option<Duration>) -> Result<Link, Fault> {
        let options = login(url)
            .name(format!("e2e run {run}"))
            .connection_timeout(Duration::from_secs(5))
            .ping_interval(Duration::from_secs(2))
            .request_timeout(Some(PATIENCE))
            .reconnect_delay_callback(|attempt| Duration::from_millis(100 * (attempt as u64).min(10)));
        let client = connect(options, url, joins.unwrap_or_default()).await?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(PATIENCE);
        let name = format!("e2e-{run}");
        if joins.is_none() {
            let missing = |_| {
                Fault::new(Exit::Config, format!("there is no run `{run}` at {}", shown(url)))
                    .help("its processes make it known when they start: look at their --run")
            };
            let store = context.get_key_value(&name).await.map_err(|error| missing(error.to_string()))?;
            let stream = context.get_stream(&name).await.map_err(|error| missing(error.to_string()))?;
            return Ok(Link { context, stream, store, run: run.to_owned(), client });
        }
        let keep = |error: CreateStreamError| match error.kind() {
            CreateStreamErrorKind::JetStreamUnavailable => no_jetstream(url, &error),
            CreateStreamErrorKind::JetStream(ref told) if told.code() == 503 => no_jetstream(url, &error),
            _ => refused("take what a run says", &error)
                .help("its account needs room for two streams of files"),
        };
        let stream = stream::Config {
            name: name.clone(),
            description: Some("what processes of a run of e2e say to each other".into()),
            subjects: vec![format!("e2e.{run}.>")],
            storage: StorageType::File,
            max_age: KEPT,
            allow_direct: true,
            ..stream::Config::default()
        };
        let stream = context.get_or_create_stream(stream).await.map_err(keep)?;
        // As the client's own function makes it, which asks for more than servers before 2.10 tell.
        let bucket = stream::Config {
            name: format!("KV_{name}"),
            subjects: vec![format!("$KV.{name}.>")],
            max_messages_per_subject: 1,
            max_age: KEPT,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            ..stream::Config::default()
        };
        context.get_or_create_stream(bucket).await.map_err(keep)?;
        let store = context.get_key_value(&name).await;
        let store = store.map_err(|error| refused("take what a run says", &error))?;
        Ok(Link { context, stream, store, run: run.to_owned(), client })
    }

    pub(super) fn subject(&self, rest: &str) -> String {
        format!("e2e.{}.{rest}", self.run)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// What stands under a key.
    ///
    /// # Errors
    /// NATS gives no answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Held<T>>, String> {
        let entry = self.store.entry(key).await.map_err(|error| error.to_string())?;
        Ok(entry.and_then(held))
    }

    /// Writes what nobody has written: the revision, or None where somebody has.
    ///
    /// # Errors
    /// NATS gives no answer.
    pub(super) async fn create(&self, key: &str, value: &impl Serialize) -> Result<Option<u64>, String> {
        self.update(key, value, 0).await
    }

    /// Writes over `revision`: the new one, or None where somebody else has written.
    ///
    /// # Errors
    /// NATS gives no answer.
    pub(super) async fn update(
        &self,
        key: &str,
        value: &impl Serialize,
        revision: u64,
    ) -> Result<Option<u64>, String> {
        match self.store.update(key, pack(value).into(), revision).await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The name and password, or the token, that stand before the host of a server.
fn login(urls: &str) -> ConnectOptions {
    let of = |url: &str| {
        let url = url.split_once("://").map_or(url, |(_, rest)| rest);
        url.rsplit_once('@').map(|(login, _)| login.to_owned())
    };
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let options = ConnectOptions::new();
    match urls.split(',').find_map(of) {
        None => options,
        Some(login) => match login.split_once(':') {
            Some((name, password)) => options.user_and_password(plain(name), plain(password)),
            None => options.token(plain(&login)),
        },
    }
}

async fn connect(options: ConnectOptions, urls: &str, patience: Duration) -> Result<Client, Fault> {
    let servers: Vec<&str> = urls.split(',').map(str::trim).collect();
    let (begun, mut is_told) = (Instant::now(), false);
    loop {
        let error = match options.clone().connect(servers.as_slice()).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        let may_come =
            matches!(error.kind(), ConnectErrorKind::Io | ConnectErrorKind::Dns | ConnectErrorKind::TimedOut);
        if !may_come || begun.elapsed() >= patience {
            return Err(unreachable(urls, &error));
        }
        if !std::mem::replace(&mut is_told, true) {
            let _ = writeln!(std::io::stderr(), "waiting for NATS at {}: {error}", shown(urls));
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn held<T: DeserializeOwned>(entry: Entry) -> Option<Held<T>> {
    let value = unpack(&entry.value)?;
    Some(Held { value, revision: entry.revision, nanos: entry.created.unix_timestamp_nanos() })
}
