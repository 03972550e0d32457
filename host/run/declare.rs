//! Runs the scripts' top level once, before the run, to learn what they declare.
//! Called by `app`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tokio::runtime::{Builder, LocalOptions};

use crate::config::{ScriptOptions, Settings};
use crate::data::{Reader, Sources};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::link::TlsOptions;
use crate::metrics::Recorder;
use crate::net::{self, Net, Tls};
use crate::script::{Engine, Languages, Manifest, Suite};
use crate::vu::{Briefing, LogSink, Shared, Vu, fiber};

/// What the scripts declare: their classes and options.
///
/// # Errors
/// All compile faults, or what the top level raised.
pub fn declare(
    suite: &Suite,
    settings: &Settings,
    (config, env): (&'static Value, &'static Value),
    sources: Arc<Sources>,
    log: LogSink,
) -> Result<Manifest, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let program = Languages.compile(suite)?;
    let net = Net::new(net::Settings::default(), Tls::new(TlsOptions::default()))
        .map_err(|error| one(Fault::new(Exit::Internal, error.text)))?;
    let shared = Rc::new(Shared {
        recorder: RefCell::new(Recorder::new()),
        net,
        config,
        env,
        log,
        data: Reader::new(sources),
        http_debug: None,
        discard_body: false,
        seed: 0,
        started: Instant::now(),
        started_epoch: Shared::epoch_of(Instant::now()),
        options: RefCell::new(ScriptOptions::default()),
        abort: RefCell::new(None),
        interrupted: Cell::new(0),
        briefing: Briefing::default(),
    });
    let internal =
        |why: std::io::Error| one(Fault::new(Exit::Internal, "cannot load the scripts").why(why.to_string()));
    let runtime =
        Builder::new_current_thread().enable_time().build_local(LocalOptions::default()).map_err(internal)?;
    let _watch = fiber::Watch::start();
    let vu = Vu::new(0, "loading".into(), None, shared.clone());
    runtime.block_on(async {
        let call = fiber::call(settings.cpu_budget, || program.declare(vu)).map_err(internal)?;
        match call.await {
            Ok(declared) => declared.map(|manifest| {
                let recorder = shared.recorder.borrow();
                let metrics = recorder.metrics().map(|(name, kind, _)| (name.to_owned(), kind)).collect();
                Manifest { metrics, ..manifest }
            }),
            Err(fiber::Failed::Panic(text)) => Err(one(Fault::new(Exit::Internal, text))),
        }
    })
}
