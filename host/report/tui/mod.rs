//! The live view on the whole terminal (`--tui`): figures, sparklines, tables and log, drawn each second. Keys are
//! heard elsewhere, as without it (`app::keys`), and those that turn to another part of it come in by `turn`. What the run came to is printed by `console` once the terminal
//! is as it was. Used by `outputs`.

mod ansi;
mod grid;
mod live;
mod screen;

pub use ansi::{leave_screen, withhold};
pub(super) use live::Tui;
pub use live::{Turn, turn};
