//! `e2e report`: recorded runs, added up and told as one. Called by `app`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::Report;
use crate::config::Surroundings;
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::{Baseline, Snapshot};
use crate::report::{Input, Options, Outputs, Recording, Writers, check_files, compare, replay};

/// Prints the tables and writes what is asked for; the exit code is that of the runs together.
pub(super) fn report(asked: Report, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut recordings = Vec::new();
    for file in &asked.files {
        match Recording::read(file) {
            Ok(recording) => recordings.push(recording),
            Err(fault) => faults.push(fault),
        }
    }
    let baseline = asked.baseline.as_deref().map(read_baseline).transpose();
    let baseline = baseline.unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    if !faults.is_empty() {
        return Err(faults);
    }
    let (tty, stderr_tty) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let no_color = surroundings.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let options = Options {
        csv: asked.csv.map(Into::into),
        csv_full_history: asked.csv_full_history,
        json: asked.json,
        json_file: asked.json_file,
        summary_export: asked.summary_export,
        junit: asked.junit,
        html: asked.html,
        only_summary: true,
        quiet: asked.quiet,
        color: !(asked.no_color || no_color),
        width: super::terminal_width(),
        tty,
        stderr_tty,
        ..Options::default()
    };
    let one = |fault: Fault| vec![fault];
    let logs = asked.files.iter().map(|log| Input::new("the log", log));
    let inputs: Vec<Input> = logs.chain(asked.baseline.map(|log| Input::new("the baseline", log))).collect();
    check_files(&options, None, &inputs).map_err(one)?;
    let mut outputs = Outputs::prepare(&options, Writers::standard()).map_err(one)?;
    if let Some(baseline) = &baseline {
        outputs.compare_with(&baseline.totals);
    }
    let twice = given_twice(&asked.files);
    let (mut exit, mut now) = (Exit::Ok, None);
    for mut event in replay(&recordings, baseline.as_ref()) {
        if let Event::Done(summary) = &mut event {
            Arc::make_mut(summary).notes.extend(twice.iter().cloned());
            exit = summary.exit;
            now = Some(summary.totals.clone());
        }
        outputs.on(&event);
    }
    if let (Some(baseline), Some(now)) = (baseline, now) {
        print_comparison(&baseline, &now, &options);
    }
    let faults = outputs.finish();
    faults.iter().for_each(super::print_fault);
    Ok(faults.iter().fold(exit, |exit, fault| exit.worst(fault.exit)).code())
}

/// What to say of logs that are named more than once: what was measured then counts so often.
fn given_twice(files: &[PathBuf]) -> Vec<String> {
    let place = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
    let places: Vec<PathBuf> = files.iter().map(place).collect();
    let mut notes = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let times = places.iter().filter(|other| *other == place).count();
        if times > 1 && !places[..index].contains(place) {
            notes.push(format!(
                "the log `{}` was given {times} times, and counts so often",
                files[index].display()
            ));
        }
    }
    notes
}

/// The log of an earlier run.
pub(super) fn read_baseline(file: &Path) -> Result<Baseline, Fault> {
    Ok(Recording::read(file)?.baseline())
}

/// What has changed, below the tables.
pub(super) fn print_comparison(baseline: &Baseline, now: &Snapshot, options: &Options) {
    if options.quiet {
        return;
    }
    let color = options.color && if options.json { options.stderr_tty } else { options.tty };
    let text = compare(&baseline.totals, now, options.width, color);
    // Where the statistics go to stdout, they are alone there.
    if options.json { super::tell(&text) } else { super::print(text.as_bytes()) }
}
