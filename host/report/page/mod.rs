//! The renderer of a run's state in a browser: one for the live page of `web` and for the file of `--html`.
//!
//! The scripts define `E2E.show(view, element)`, which draws a `view::View`, `E2E.beat(beat)`, which brings it
//! up to date with a `view::Beat`, and `E2E.compare(a, b, element)` for two views. Texts of scripts and servers
//! get into the page as text alone, never as HTML. The page runs under this policy, or a stricter one for
//! images:
//! `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;
//! connect-src 'self'`. The chart library sets styles of its own; scripts within the page are never needed.

mod charts;
mod document;

pub use charts::charts;
pub use document::document;

/// The renderer, all in one; needs [`charts`] before it, or shows no charts.
pub const SCRIPT: &str = concat!(
    include_str!("elements.js"),
    include_str!("numbers.js"),
    include_str!("tables.js"),
    include_str!("tabs.js"),
    include_str!("series.js"),
    include_str!("charts.js"),
    include_str!("statistics.js"),
    include_str!("panels.js"),
    include_str!("compare.js"),
    include_str!("view.js"),
);

pub const STYLE: &str = include_str!("page.css");
