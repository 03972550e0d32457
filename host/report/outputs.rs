//! All outputs of a run: checked before the first request, fed during the run,
//! and none of them able to end the run or to take another one down. Called by
//! `app` and the conductor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::console::Console;
use super::csv::Csv;
use super::html::Html;
use super::json::Json;
use super::junit::Junit;
use super::masked::masked;
use super::options::{Options, Writers};
use super::outlets::{self, Pump};
use super::series::OBSERVED;
use super::sink::Sink;
use super::summary_export::SummaryExport;
use super::target::Target;
use super::tui::Tui;
use crate::config::{Outlet, OutletKind};
use crate::event::{Event, Level, LogLine, Summary};
use crate::fault::Fault;
use crate::metrics::{RawSample, RawSink, Snapshot};

/// How long what goes elsewhere may take at the end, all of it together.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sinks and what went wrong in them.
pub struct Outputs {
    /// Files first: the console's verdict then knows of a result that is missing.
    files: Vec<Box<dyn Sink>>,
    /// What goes elsewhere while the run goes on.
    pumps: Vec<Pump>,
    /// Troubles of theirs are worth a line in the log.
    warns: bool,
    /// Some output shows every metric of k6.
    observes: bool,
    /// Some output shows requests by their tags.
    shares: bool,
    /// Some output tells scenarios apart.
    shows_scenarios: bool,
    console: Console,
    faults: Vec<Fault>,
}

impl Outputs {
    /// Sets up every output that is asked for. Nothing is written yet.
    ///
    /// # Errors
    /// [`crate::exit::Exit::Config`] for a result path that cannot be written.
    pub fn prepare(options: &Options, writers: Writers) -> Result<Self, Fault> {
        let Writers { out, err, bar } = writers;
        let mut files: Vec<Box<dyn Sink>> = Vec::new();
        if let Some(prefix) = &options.csv {
            files.push(Box::new(Csv::prepare(prefix, options.csv_full_history)?));
        }
        if let Some(path) = &options.json_file {
            files.push(Box::new(Json::file(Target::prepare(&Json::named(path))?)));
        }
        if let Some(path) = &options.summary_export {
            files.push(Box::new(SummaryExport::new(Target::prepare(path)?)));
        }
        if let Some(path) = &options.junit {
            files.push(Box::new(Junit::new(Target::prepare(path)?)));
        }
        if let Some(path) = &options.html {
            files.push(Box::new(Html::new(Target::prepare(path)?)));
        }
        let out = if options.json {
            files.push(Box::new(Json::stdout(out)));
            None
        } else {
            Some(out)
        };
        if options.tui {
            files.push(Box::new(Tui::new(options.color)));
        }
        let console = Console::new(options, out, err, bar);
        let pumps = options.out.iter().map(|outlet| outlets::prepare(outlet, &options.variables));
        let pumps = pumps.collect::<Result<Vec<_>, _>>()?;
        let full = |outlet: &Outlet| {
            !matches!(outlet.kind, OutletKind::Json | OutletKind::Csv | OutletKind::Influxdb)
        };
        let observes = options.summary_export.is_some() || options.out.iter().any(full);
        let has = |kinds: &[OutletKind]| options.out.iter().any(|outlet| kinds.contains(&outlet.kind));
        let shares = has(&[OutletKind::Prometheus, OutletKind::PrometheusRw, OutletKind::Otlp]);
        let shows_scenarios = options.junit.is_some() || has(&[OutletKind::Hdr]);
        Ok(Outputs {
            files,
            pumps,
            observes,
            shares,
            shows_scenarios,
            warns: options.warns,
            console,
            faults: Vec::new(),
        })
    }

    /// The metrics that some output needs besides what is always measured.
    pub fn observed(&self) -> &'static [&'static str] {
        if self.observes { OBSERVED } else { &[] }
    }

    /// Whether requests are to be told apart by their tags; those of scenarios are in more outputs.
    pub fn shares(&self, scenarios: bool) -> bool {
        self.shares || (scenarios && self.shows_scenarios)
    }

    /// Whether what no tag but that of the scenario belongs to is to be told apart by it.
    pub fn tells_scenarios_apart(&self) -> bool {
        self.shares
    }

    /// Takes single samples, where some output shows them.
    pub fn samples(&self) -> Option<RawSink> {
        let inlets: Vec<_> = self.pumps.iter().filter_map(Pump::inlet).collect();
        let pass = move |batch: Vec<RawSample>| {
            let batch: Arc<[RawSample]> = batch.into();
            inlets.iter().for_each(|inlet| inlet.put(&batch));
        };
        self.pumps.iter().any(|pump| pump.inlet().is_some()).then(|| Arc::new(pass) as RawSink)
    }

    /// What the run is to be shown beside.
    pub fn compare_with(&mut self, baseline: &Arc<Snapshot>) {
        self.files.iter_mut().for_each(|sink| sink.compare_with(baseline));
    }

    /// Adds a sink, ahead of the terminal.
    pub fn add(&mut self, sink: Box<dyn Sink>) {
        self.files.push(sink);
    }

    /// Tells every sink, whatever becomes of the others; no secret gets past here.
    pub fn on(&mut self, event: &Event) {
        let event = &*masked(event);
        if let Event::Done(summary) = event {
            return self.done(summary);
        }
        self.pumps.iter_mut().for_each(|pump| pump.on(event));
        self.tell(event);
        if let (true, Event::Tick(tick)) = (self.warns, event) {
            for text in self.pumps.iter().flat_map(Pump::complaints).collect::<Vec<_>>() {
                let (level, source) = (Level::Warn, "e2e".into());
                self.tell(&Event::Log(LogLine { level, at: tick.at, source, text }));
            }
        }
    }

    fn tell(&mut self, event: &Event) {
        for sink in &mut self.files {
            self.faults.extend(sink.on(event).err());
        }
        self.faults.extend(self.console.on(event).err());
    }

    /// The end: files first, since what is under way elsewhere may take its time; the terminal tells what
    /// became of both.
    fn done(&mut self, summary: &Summary) {
        let mut summary = summary.clone();
        let event = Event::Done(Arc::new(summary.clone()));
        for sink in &mut self.files {
            self.faults.extend(sink.on(&event).err());
        }
        let deadline = Instant::now() + PATIENCE;
        self.pumps.iter_mut().for_each(|pump| pump.end(&event, deadline));
        for pump in self.pumps.drain(..) {
            let ended = pump.finish(deadline);
            summary.notes.extend(ended.notes);
            self.faults.extend(ended.fault);
        }
        for fault in &self.faults {
            summary.exit = summary.exit.worst(fault.exit);
            let why = fault.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            summary.notes.push(format!("{}{why}", fault.what));
        }
        self.faults.extend(self.console.on(&Event::Done(Arc::new(summary))).err());
    }

    /// The results that could not be written; the process's exit code takes them into account.
    pub fn finish(self) -> Vec<Fault> {
        self.faults
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;
    use crate::exit::Exit;
    use crate::report::sample::{self, Buffer};

    fn options(dir: &std::path::Path) -> Options {
        Options {
            csv: Some(dir.join("run")),
            json: true,
            json_file: Some(dir.join("array")),
            width: 100,
            ..Options::default()
        }
    }

    #[test]
    fn every_output_agrees_to_the_last_request() {
        let dir = tempfile::tempdir().unwrap();
        let (out, err) = (Buffer::default(), Buffer::default());
        let mut outputs = Outputs::prepare(&options(dir.path()), sample::writers(&out, &err)).unwrap();
        sample::events().iter().for_each(|event| outputs.on(event));
        assert!(outputs.finish().is_empty());

        let array: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        let counted: u64 =
            array.as_array().unwrap().iter().map(|entry| entry["num_requests"].as_u64().unwrap()).sum();
        assert_eq!(counted, sample::REQUESTS);
        assert_eq!(fs::read_to_string(dir.path().join("array.json")).unwrap(), out.text());
        let stats = fs::read_to_string(dir.path().join("run_stats.csv")).unwrap();
        assert!(stats.contains(&format!("\r\n,Aggregated,{},", sample::REQUESTS)));
        let history = fs::read_to_string(dir.path().join("run_stats_history.csv")).unwrap();
        let last = history.lines().last().unwrap();
        assert_eq!(last.split(',').nth(17).unwrap(), sample::REQUESTS.to_string());
        assert!(err.text().contains(&format!("{} requests", sample::REQUESTS)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5, "no temporary file stays behind");
    }

    #[test]
    fn an_unwritable_path_is_refused_before_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let options = Options { csv: Some(file.join("run")), ..Options::default() };
        let fault = Outputs::prepare(&options, sample::writers(&Buffer::default(), &Buffer::default()))
            .err()
            .unwrap();
        assert_eq!(fault.exit, Exit::Config);
        assert!(fault.what.contains("file/run_stats.csv"), "{}", fault.what);
        assert!(fault.why.is_some());

        fs::create_dir(dir.path().join("taken.json")).unwrap();
        let options = Options { json_file: Some(dir.path().join("taken")), ..Options::default() };
        let fault = Outputs::prepare(&options, sample::writers(&Buffer::default(), &Buffer::default()))
            .err()
            .unwrap();
        assert_eq!(fault.why.as_deref(), Some("it is a directory"));
    }

    /// The folder of the CSV files vanishes in mid-run: told at the end, and all else is complete.
    #[test]
    fn a_lost_output_takes_no_other_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let (out, err) = (Buffer::default(), Buffer::default());
        let options = Options {
            csv: Some(dir.path().join("gone/run")),
            json_file: Some(dir.path().join("array.json")),
            width: 100,
            ..Options::default()
        };
        let mut outputs = Outputs::prepare(&options, sample::writers(&out, &err)).unwrap();
        let events = sample::events();
        outputs.on(&events[0]);
        fs::remove_dir_all(dir.path().join("gone")).unwrap();
        events[1..].iter().for_each(|event| outputs.on(event));
        let faults = outputs.finish();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].exit, Exit::Config);
        assert!(faults[0].what.contains("run_stats.csv"), "{}", faults[0].what);
        let array = fs::read_to_string(dir.path().join("array.json")).unwrap();
        assert!(array.contains("\"num_requests\": "));
        assert!(out.text().contains("cannot write"), "the console tells as well");
        assert!(out.text().contains("exit 104"));
    }
}
