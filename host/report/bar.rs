//! The progress bar: time, users, requests per second, failures. It draws on
//! stderr, where that is a terminal, and lets others print above it. Used by
//! `console`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::paint::{Paint, Tint};
use super::text::{counted, duration, percent, rate};
use crate::event::Tick;
use crate::metrics::Span;

pub(super) struct Bar {
    bar: ProgressBar,
    run_time: Option<Duration>,
    paint: Paint,
}

impl Bar {
    /// A bar towards the end of `run_time`; without one, a sign of life.
    pub(super) fn new(target: ProgressDrawTarget, run_time: Option<Duration>, paint: Paint) -> Self {
        let template = if run_time.is_some() { "{bar:14} {wide_msg}" } else { "{spinner} {wide_msg}" };
        let style = ProgressStyle::with_template(template)
            .expect("the template is well-formed")
            .progress_chars("━╸─");
        let length = run_time.map(|run_time| run_time.as_millis() as u64);
        let bar = ProgressBar::with_draw_target(length, target).with_style(style);
        Bar { bar, run_time, paint }
    }

    pub(super) fn show(&self, tick: &Tick, span: &Span) {
        self.bar.set_message(message(tick, self.run_time, span, self.paint));
        if self.run_time.is_some() {
            self.bar.set_position(tick.elapsed.as_millis() as u64);
        }
        self.bar.tick();
    }

    /// Runs `print` with the bar out of the way.
    pub(super) fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn message(tick: &Tick, run_time: Option<Duration>, span: &Span, paint: Paint) -> String {
    let total = &tick.totals.total;
    let time = match run_time {
        Some(run_time) => format!("{} of {}", duration(tick.elapsed), duration(run_time)),
        None => duration(tick.elapsed),
    };
    let failures = format!("{} failed ({})", total.failures, percent(total.failures, total.requests));
    let tint = if total.failures > 0 { Tint::Bad } else { Tint::Plain };
    format!(
        "{time} · {} · {} req/s · {}",
        counted(tick.users, "user"),
        rate(span.lately(&total.requests_at, total.requests)),
        paint.text(tint, &failures)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::report::sample;

    #[test]
    fn tells_time_users_rate_and_failures() {
        let events = sample::events();
        let Event::Tick(tick) = &events[1] else { panic!("the second event is a tick") };
        let span = Span::of(&tick.totals, tick.since, tick.since + tick.elapsed);
        let told = message(tick, Some(Duration::from_secs(90)), &span, Paint(false));
        assert_eq!(told, "2.0 s of 1m 30s · 4 users · 3.00 req/s · 1 failed (16.67%)");
    }
}
