//! Tests of `console`.

use std::sync::Arc;

use super::*;
use crate::event::Stop;
use crate::metrics::{Exception, Group, Recorder};
use crate::report::sample::{self, Buffer, START};

fn shown(options: &Options, events: &[Event]) -> (String, String) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let mut writers = sample::writers(&out, &err);
    let tables = (!options.json).then(|| std::mem::replace(&mut writers.out, Box::new(io::sink())));
    let mut console = Console::new(options, tables, writers.err, writers.bar);
    for event in events {
        console.on(event).expect("a buffer takes everything");
    }
    (out.text(), err.text())
}

fn options(width: usize) -> Options {
    Options { width, ..Options::default() }
}

#[test]
fn the_report_of_a_tiny_run() {
    let (out, err) = shown(&options(100), &[Event::Done(Arc::new(sample::tiny()))]);
    assert_eq!(err, "");
    assert_eq!(
        out,
        r#"Statistics (times in ms)
Type  Name        # reqs    # fails   Avg   Min  Max   Med  req/s  failures/s
─────────────────────────────────────────────────────────────────────────────
GET   /a               3  1(33.33%)  5.25  0.75   12  2.50   1.20        0.40
─────────────────────────────────────────────────────────────────────────────
      Aggregated       3  1(33.33%)  5.25  0.75   12  2.50   1.20        0.40

Percentiles (ms)
Type  Name         50%   66%  75%  80%  90%  95%  98%  99%  99.9%  99.99%  100%
───────────────────────────────────────────────────────────────────────────────
GET   /a          2.50  2.50   12   12   12   12   12   12     12      12    12
───────────────────────────────────────────────────────────────────────────────
      Aggregated  2.50  2.50   12   12   12   12   12   12     12      12    12

Failures
# occurrences  Error
            1  GET /a: status 500, not "200"

✗ failed: 3 requests, 1 failed · 2.5 s (run time reached) · exit 1
"#
    );
}

#[test]
fn checks_exceptions_and_notes() {
    let mut recorder = Recorder::new();
    (0..3).for_each(|index| recorder.check(Group::NONE, "uri matches", index > 0));
    recorder.check(Group::NONE, "status is 200", true);
    for at in [START, START + 5] {
        recorder.exception(&Exception {
            message: "a.lua:3: no such document",
            traceback: "stack traceback:\n\ta.lua:3: in function <a.lua:2>\n",
            class: "Reader",
            task: "read",
            at,
        });
    }
    let mut summary = sample::summary(recorder.take(), 0.0, 75.0);
    summary.exit = Exit::Abort;
    summary.stop = Stop::Abort("enough".into());
    summary.interrupted = 1;
    summary.notes = vec!["the generator was busy".into()];
    let (out, _) = shown(&options(80), &[Event::Done(Arc::new(summary))]);
    let (_, rest) = out.split_once("\nChecks\n").expect("the checks have a section");
    assert_eq!(
        rest,
        "   Check          passes  fails     held
────────────────────────────────────────
✓  status is 200       1      0  100.00%
✗  uri matches         2      1   66.67%

Exceptions
2× a.lua:3: no such document
   (first in Reader.read at 22:13:20Z)
     stack traceback:
         a.lua:3: in function <a.lua:2>

Notes
! the generator was busy
! 1 iteration interrupted: the time that was left to finish in was over

✗ aborted: 0 requests, 0 failed · nothing was requested · 3 of 4 checks passed · 2 exceptions · 1m 15s (aborted: enough) · exit 108
"
    );
}

#[test]
fn tables_fit_the_terminal() {
    for width in [80, 120] {
        let (out, _) = shown(&options(width), &sample::events());
        let wide: Vec<_> = out.lines().filter(|line| line.chars().count() > width).collect();
        // The verdict, errors and tracebacks are text: a terminal wraps them.
        let text = ["✗", "lua:", "Error:"];
        assert!(wide.iter().all(|line| text.iter().any(|part| line.contains(part))), "{wide:#?}");
    }
}

#[test]
fn tables_during_the_run_only_on_a_terminal() {
    let tables = |options: &Options| shown(options, &sample::events()).0.matches("Avg").count();
    assert_eq!(tables(&Options { tty: true, ..options(80) }), 3);
    assert_eq!(tables(&options(80)), 1);
    assert_eq!(tables(&Options { tty: true, only_summary: true, ..options(80) }), 1);
}

#[test]
fn progress_and_logs_go_to_stderr() {
    let (out, err) = shown(&options(80), &sample::events());
    assert_eq!(
        err,
        "suites/smoke.lua · SmokeTestUser · local at http://127.0.0.1:4000 · 4 users, 2.00/s · 10.0 s · \
         2 workers · seed 42\n22:13:24Z WARN  SmokeTestUser: slow answer\n"
    );
    assert!(out.contains("requests"));
    let (out, err) = shown(&Options { json: true, ..options(80) }, &sample::events());
    assert_eq!(out, "", "stdout is for the array alone");
    assert!(err.contains("Statistics") && err.contains("slow answer"));
}

#[test]
fn colours_only_where_they_are_welcome() {
    let coloured = |options: &Options| shown(options, &sample::events()).0.contains('\x1b');
    assert!(coloured(&Options { tty: true, color: true, ..options(80) }));
    assert!(!coloured(&Options { color: true, ..options(80) }), "a file is no terminal");
    assert!(!coloured(&Options { tty: true, ..options(80) }));
}

/// Shows the sample run: `cargo test --lib look_at_the_report -- --ignored --nocapture`.
#[test]
#[ignore = "for the eye"]
fn look_at_the_report() {
    for width in [80, 120] {
        let options = Options { tty: true, color: true, ..options(width) };
        let (out, err) = shown(&options, &sample::events());
        println!("{}\n{err}{out}", "=".repeat(width));
    }
}
