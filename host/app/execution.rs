//! A run from its plan to its exit code, whoever started it: the command line, a watch, the page. Used by `app` and
//! `session`.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::SystemTime;

use crossbeam_channel::Receiver;

use crate::cli;
use crate::config::{Level, Plan, Surroundings};
use crate::demo::Demo;
use crate::event::{Event, RunInfo, Stop, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Baseline;
use crate::report::{Input, Options, Outputs, Sink, Writers, check_files};
use crate::run::{Conductor, Setup, conduct};

use super::about::about;
use super::prepare::Prepared;
use super::{logfile, print_fault, report, terminal_width};

/// Everything is checked, and nothing was sent.
pub(super) struct Execution {
    pub(super) setup: Setup,
    pub(super) info: RunInfo,
    pub(super) outputs: Outputs,
    pub(super) options: Options,
    pub(super) baseline: Option<Baseline>,
    exit_code_on_error: u8,
    /// The bundled service, where it is the target.
    pub(super) demo: Option<Demo>,
}

impl Execution {
    /// # Errors
    /// What is wrong with configuration, scripts, outputs; what the environment refuses.
    pub(super) fn prepare(run: &cli::Run, surroundings: &Surroundings) -> Result<Execution, Vec<Fault>> {
        Execution::of(Prepared::new(run, surroundings)?, surroundings)
    }

    /// # Errors
    /// Classes that do not exist, results that cannot be written.
    pub(super) fn of(prepared: Prepared, surroundings: &Surroundings) -> Result<Execution, Vec<Fault>> {
        let Prepared { plan, manifest, config, env, sources, shown, demo, mut inputs } = prepared;
        inputs.extend(plan.outputs.baseline.as_ref().map(Input::baseline));
        let segment = plan.together.segment;
        sources.share(segment.index(), segment.count());
        let mut setup = Setup::new(&plan, manifest, config, env, sources)?;
        // Read before anything is written: it may be what `--out hdr` writes.
        let baseline = plan.outputs.baseline.as_deref().map(report::read_baseline).transpose()?;
        if let Some(baseline) = &baseline {
            setup.thresholds.compare_with(baseline.clone());
        }
        let options = output_options(&plan, surroundings);
        check_terminal(&options)?;
        let mut outputs = prepare_outputs(&plan, &options, &inputs)?;
        setup.thresholds.observe(outputs.observed());
        if !setup.parts.is_empty() && !outputs.observed().is_empty() {
            setup.thresholds.observe(&["http_req_duration_intended"]);
        }
        if outputs.tells_scenarios_apart() {
            setup.thresholds.observe_scenarios(setup.parts.iter().map(|part| &part.scenario));
        }
        if let Some(baseline) = &baseline {
            outputs.compare_with(&baseline.totals);
        }
        setup.samples = outputs.samples();
        setup.shares = outputs.shares(!setup.parts.is_empty());
        let info = RunInfo { about: Arc::new(about(shown, &setup)), ..info(&plan, &setup) };
        let exit_code_on_error = plan.exit_code_on_error;
        Ok(Execution { setup, info, outputs, options, baseline, exit_code_on_error, demo })
    }

    /// Whether the history tells names apart.
    pub(super) fn has_full_history(&self) -> bool {
        self.options.csv_full_history
    }

    /// Tells the sink, too, what happens.
    pub(super) fn add(&mut self, mut sink: Box<dyn Sink>) {
        if let Some(baseline) = &self.baseline {
            sink.compare_with(&baseline.totals);
        }
        self.outputs.add(sink);
    }

    /// Runs to the end, and writes every result; the exit code.
    pub(super) fn conduct(self, signals: Receiver<Wish>) -> u8 {
        let Execution { setup, info, mut outputs, options, baseline, exit_code_on_error, demo } = self;
        let summary = {
            let conductor = Conductor { setup: Arc::new(setup), info, signals, peers: None };
            conduct(conductor, &mut |event: &Event| outputs.on(event))
        };
        drop(demo);
        let mut exit = summary.exit;
        if let Stop::Fault(fault) = &summary.stop {
            print_fault(fault);
        }
        for fault in outputs.finish() {
            print_fault(&fault);
            exit = exit.worst(fault.exit);
        }
        if let Some(baseline) = &baseline {
            report::print_comparison(baseline, &summary.totals, &options);
        }
        exit.code_with(exit_code_on_error)
    }
}

fn output_options(plan: &Plan, surroundings: &Surroundings) -> Options {
    let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let given = &plan.outputs;
    Options {
        csv: given.csv.as_ref().map(Into::into),
        csv_full_history: given.csv_full_history,
        json: given.json,
        json_file: given.json_file.clone(),
        summary_export: given.summary_export.clone(),
        junit: given.junit.clone(),
        html: given.html.clone(),
        tui: given.tui,
        out: given.out.clone(),
        variables: surroundings.variables.clone(),
        warns: given.loglevel <= Level::Warning,
        only_summary: given.only_summary,
        quiet: given.quiet,
        color: given.color,
        width: terminal_width(),
        tty: stdout,
        stderr_tty: stderr,
    }
}

/// A live view needs a terminal, all of it.
fn check_terminal(options: &Options) -> Result<(), Fault> {
    let refuse = |why: &str, help: &str| Err(Fault::new(Exit::Usage, why).help(help));
    match options {
        Options { tui: false, .. } => Ok(()),
        Options { json: true, .. } => {
            refuse("--tui and --json both need standard output", "--json-file FILE writes the same")
        }
        Options { tty: false, .. } => {
            refuse("--tui needs a terminal, and standard output is none", "leave --tui out")
        }
        _ => Ok(()),
    }
}

/// Refuses what would be written over `inputs`.
pub(super) fn prepare_outputs(plan: &Plan, options: &Options, inputs: &[Input]) -> Result<Outputs, Fault> {
    let logfile = &plan.outputs.logfile;
    check_files(options, logfile.as_deref(), inputs)?;
    let mut outputs = Outputs::prepare(options, Writers::standard())?;
    if let Some(path) = logfile {
        outputs.add(Box::new(logfile::Logfile::open(path)?));
    }
    Ok(outputs)
}

fn info(plan: &Plan, setup: &Setup) -> RunInfo {
    RunInfo {
        environment: plan.environment.clone(),
        host: plan.base_url.clone(),
        scripts: plan.scripts.iter().map(|path| path.display().to_string()).collect(),
        classes: setup.classes.iter().map(|plan| plan.class.name.clone()).collect(),
        users: setup.schedule.most_users().unwrap_or(0),
        spawn_rate: plan.spawn_rate,
        shape: setup.schedule.shape().map(str::to_owned),
        scenarios: setup.parts.iter().map(|part| part.scenario.name.clone()).collect(),
        run_time: setup.ends_after(),
        workers: setup.workers,
        segment: plan.together.segment,
        processes: 1,
        seed: plan.seed,
        watched: setup.thresholds.watched(),
        started_at: SystemTime::now(),
        about: Arc::default(),
    }
}
