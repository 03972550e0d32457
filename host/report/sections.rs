//! The parts of the terminal's report: statistics, percentiles, checks,
//! failures, exceptions, notes, verdict. Used by `console`.

use std::time::{Duration, UNIX_EPOCH};

use super::arrivals;
use super::measured;
use super::paint::{Paint, Tint};
use super::table::{Cell, Table};
use super::text::{clock, counted, cut_end, cut_middle, duration, ms, percent, printable, rate};
use crate::event::{Health, Kind, RunInfo, Stop, Summary};
use crate::exit::Exit;
use crate::metrics::{Entry, Label, PERCENTILES, Snapshot, Span};

/// Groups of failures and exceptions that are shown; the files have them all.
const SHOWN: usize = 50;
/// Lines of a traceback that are shown.
const FRAMES: usize = 20;

/// Locust's table. During the run the rates are the current ones.
pub(super) fn statistics(totals: &Snapshot, span: &Span, current: bool) -> Table {
    let heads = vec!["Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"];
    let mut table = Table::new(heads, 1);
    let row = |label: &Label, entry: &Entry| {
        let (requests, failures) = if current {
            (span.lately(&entry.requests_at, entry.requests), span.lately(&entry.failures_at, entry.failures))
        } else {
            (span.rate(entry.requests), span.rate(entry.failures))
        };
        let fails = format!("{}({})", entry.failures, percent(entry.failures, entry.requests));
        let tint = if entry.failures > 0 { Tint::Bad } else { Tint::Plain };
        let mut cells = names(label);
        cells.extend([
            Cell::new(entry.requests.to_string()),
            Cell::new(fails).tint(tint),
            Cell::new(ms(entry.average())),
            Cell::new(ms(entry.min.unwrap_or(0) as f64)),
            Cell::new(ms(entry.max as f64)),
            Cell::new(ms(entry.median() as f64)),
            Cell::new(rate(requests)),
            Cell::new(rate(failures)),
        ]);
        cells
    };
    totals.entries.iter().for_each(|(label, entry)| table.row(row(label, entry)));
    table.sum(row(&aggregated(), &totals.total));
    table
}

fn percentiles(totals: &Snapshot) -> Table {
    let mut heads = vec!["Type", "Name"];
    heads.extend(PERCENTILES.map(|(_, head)| head));
    let mut table = Table::new(heads, 1);
    let row = |label: &Label, entry: &Entry| {
        let mut cells = names(label);
        let values = entry.percentiles(&PERCENTILES.map(|(q, _)| q));
        cells.extend(values.into_iter().map(|us| Cell::new(ms(us as f64))));
        cells.resize(2 + PERCENTILES.len(), Cell::new("N/A"));
        cells
    };
    totals.entries.iter().for_each(|(label, entry)| table.row(row(label, entry)));
    table.sum(row(&aggregated(), &totals.total));
    table
}

fn names(label: &Label) -> Vec<Cell> {
    vec![
        Cell::new(cut_middle(&printable(&label.method, false), 10)),
        Cell::new(printable(&label.name, false)),
    ]
}

fn aggregated() -> Label {
    Label { name: "Aggregated".to_owned(), method: String::new() }
}

/// The whole report of a run that has ended.
pub(super) fn closing(summary: &Summary, info: Option<&RunInfo>, columns: usize, paint: Paint) -> String {
    let totals = &*summary.totals;
    let span = summary.span();
    let mut text = String::new();
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            text.push_str(&format!("{}\n{body}\n", paint.text(Tint::Title, title)));
        }
    };
    section("Statistics (times in ms)", statistics(totals, &span, false).render(columns, paint));
    section("Percentiles (ms)", percentiles(totals).render(columns, paint));
    let arrivals = info.map(|info| arrivals::table(info, totals, columns, paint));
    section("Arrivals (times in ms)", arrivals.unwrap_or_default());
    section("Thresholds", measured::thresholds(&summary.thresholds, columns, paint));
    section("Checks", measured::checks(totals, columns, paint));
    section("Groups (times in ms)", measured::groups(totals, columns, paint));
    for (title, kind) in measured::KINDS {
        section(title, measured::metrics(totals, kind, summary.lasted, columns, paint));
    }
    section("Failures", failures(totals, columns, paint));
    section("Exceptions", exceptions(totals, paint));
    section("Notes", notes(summary, paint));
    section("Why", reasons(summary, paint));
    text + generator(summary, paint).as_str() + verdict(summary, paint).as_str()
}

fn failures(totals: &Snapshot, columns: usize, paint: Paint) -> String {
    if totals.failures.is_empty() {
        return String::new();
    }
    let mut groups: Vec<_> = totals.failures.iter().collect();
    groups.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
    let mut text = format!("{}\n", paint.text(Tint::Title, "# occurrences  Error"));
    for (key, seen) in groups.iter().take(SHOWN) {
        let error = format!("{} {}: {}", key.method, key.name, key.error);
        // Two lines of the terminal: what a server answers can be a page.
        let error = cut_end(&printable(&error, false), (2 * columns).saturating_sub(16).max(60));
        let count = paint.text(Tint::Bad, &format!("{:>13}", seen.count));
        text.push_str(&format!("{count}  {error}\n"));
    }
    text + left_out(groups.len()).as_str()
}

fn exceptions(totals: &Snapshot, paint: Paint) -> String {
    let mut groups: Vec<_> = totals.exceptions.iter().collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(count.seen.count));
    let mut text = String::new();
    for (key, count) in groups.iter().take(SHOWN) {
        let origin = &count.origin;
        let place: Vec<_> =
            [&origin.class, &origin.task].into_iter().filter(|part| !part.is_empty()).collect();
        let place = place.into_iter().map(|part| printable(part, false)).collect::<Vec<_>>().join(".");
        let since = clock(UNIX_EPOCH + Duration::from_secs(origin.at));
        let times = paint.text(Tint::Bad, &format!("{}×", count.seen.count));
        let first = if place.is_empty() {
            format!("first at {since}")
        } else {
            format!("first in {place} at {since}")
        };
        text.push_str(&format!("{times} {}\n", indented(&key.message, "   ").trim_start()));
        text.push_str(&format!("   {}\n", paint.text(Tint::Faint, &format!("({first})"))));
        let traceback = key.traceback.trim_end();
        if !traceback.is_empty() {
            text.push_str(&format!("{}\n", indented(traceback, "     ")));
        }
    }
    text + left_out(groups.len()).as_str()
}

/// Every line behind a margin, as many as are worth showing.
fn indented(text: &str, margin: &str) -> String {
    let shown = printable(text, true);
    let mut lines: Vec<_> = shown.lines().take(FRAMES).map(|line| format!("{margin}{line}")).collect();
    let rest = shown.lines().count() - lines.len();
    if rest > 0 {
        lines.push(format!("{margin}… {rest} more lines"));
    }
    lines.join("\n")
}

fn left_out(groups: usize) -> String {
    match groups.saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!("… and {rest} more; --csv writes them all\n"),
    }
}

/// What the user ought to know.
pub(super) fn noted(summary: &Summary) -> Vec<String> {
    let mut notes = summary.notes.clone();
    if let Some(overflow) = &summary.totals.overflow {
        notes.push(overflow.to_string());
    }
    if summary.interrupted > 0 {
        let iterations = counted(summary.interrupted, "iteration");
        notes.push(format!("{iterations} interrupted: the time that was left to finish in was over"));
    }
    notes
}

fn notes(summary: &Summary, paint: Paint) -> String {
    let mark = paint.text(Tint::Warning, "!");
    noted(summary).iter().map(|note| format!("{mark} {}\n", printable(note, false))).collect()
}

/// Why nothing can be said; what failed is told by the tables.
fn reasons(summary: &Summary, paint: Paint) -> String {
    if summary.exit != Exit::Inconclusive {
        return String::new();
    }
    let told = |reason: &String| {
        let mark = match summary.verdict.kind(reason) {
            Kind::Failure => paint.text(Tint::Bad, "✗"),
            Kind::Unknown => paint.text(Tint::Warning, "?"),
            Kind::Note => paint.text(Tint::Warning, "!"),
        };
        format!("{mark} {}\n", printable(reason, false))
    };
    summary.verdict.reasons.iter().map(told).collect()
}

/// One line: what the generator felt of itself. Nothing where the run was too short for it.
fn generator(summary: &Summary, paint: Paint) -> String {
    let Health { late, latest, busiest, robbed, affected, exhausted: _ } = summary.health;
    if latest.is_zero() {
        return String::new();
    }
    let ms = |time: Duration| ms(time.as_secs_f64() * 1e6);
    let percent = |part: f64| format!("{:.0}%", part * 100.0);
    let believed = match affected {
        0.0 => String::new(),
        some => format!(" · could not keep up for {} of the requests", percent(some)),
    };
    let text = format!(
        "generator: late by {} ms on average, {} ms at most · busiest worker {} of a core, waited {} for one{believed}",
        ms(late),
        ms(latest),
        percent(busiest),
        percent(robbed)
    );
    format!("{}\n", paint.text(Tint::Faint, &text))
}

/// One line: how it went, how much, why it ended.
fn verdict(summary: &Summary, paint: Paint) -> String {
    let totals = &*summary.totals;
    let (tint, word) = match summary.exit {
        Exit::Ok => (Tint::Good, "✓ passed"),
        Exit::Inconclusive => (Tint::Warning, "? inconclusive"),
        Exit::Signal => (Tint::Warning, "! stopped"),
        Exit::Abort => (Tint::Bad, "✗ aborted"),
        _ => (Tint::Bad, "✗ failed"),
    };
    let mut parts =
        vec![format!("{}, {} failed", counted(totals.total.requests, "request"), totals.total.failures)];
    if totals.total.requests == 0 {
        parts.push("nothing was requested".to_owned());
    }
    let checks = totals.all_checks();
    let all = checks.passes + checks.fails;
    if all > 0 {
        parts.push(format!("{} of {} passed", checks.passes, counted(all, "check")));
    }
    let raised = totals.all_exceptions();
    if raised > 0 {
        parts.push(counted(raised, "exception"));
    }
    let reason = ending(&summary.stop);
    parts.push(format!("{} ({})", duration(summary.elapsed), printable(&reason, false)));
    if summary.exit != Exit::Ok {
        parts.push(format!("exit {}", summary.code()));
    }
    format!("{}: {}\n", paint.text(tint, word), parts.join(" · "))
}

/// Why a run ended.
pub(super) fn ending(stop: &Stop) -> String {
    match stop {
        Stop::RunTime => "run time reached".to_owned(),
        Stop::Iterations => "iterations done".to_owned(),
        Stop::ScenariosEnded => "scenarios done".to_owned(),
        Stop::ShapeEnded => "load shape done".to_owned(),
        Stop::UsersEnded => "no user was left".to_owned(),
        Stop::Changed => "a file changed".to_owned(),
        Stop::Finished => "stopped by hand".to_owned(),
        Stop::Signal => "stopped by a signal".to_owned(),
        Stop::Threshold(text) => format!("threshold crossed: {text}"),
        Stop::Abort(message) => format!("aborted: {message}"),
        Stop::Fault(fault) => fault.what.clone(),
    }
}
