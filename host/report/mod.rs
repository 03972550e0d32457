//! The sinks: what a run tells, on the terminal and in files. They see events
//! and nothing else, and all render from the same final snapshot. Called by
//! `app`, which prepares the outputs before the run and feeds them during it.

mod arrivals;
mod bar;
mod comparison;
mod console;
mod csv;
mod documents;
mod files;
mod history;
mod html;
mod json;
mod junit;
mod masked;
mod measured;
mod options;
mod outlets;
mod outputs;
pub mod page;
mod paint;
mod recording;
mod sections;
mod series;
mod sink;
mod summary_export;
mod table;
mod tagged;
mod target;
mod text;
mod tui;
pub mod view;

pub use comparison::compare;
pub use documents::{Document, Moment};
pub use files::{Input, check_files};
pub use history::{History, Kept};
pub use masked::masked;
pub use options::{Options, Writers};
pub use outputs::Outputs;
pub use recording::{Recording, replay};
pub use sink::Sink;
pub use target::{make_folder, reason};
pub use tui::{Turn, leave_screen, turn, withhold};

#[cfg(test)]
mod sample;
