//! The rows of Locust's history file, one each second, in a file of the system's folder for such: a day's rows are no
//! memory's business. The file goes with whoever keeps it last. Used by `web`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::csv::{self, View};
use crate::event::Event;
use crate::metrics::Span;

pub struct History {
    file: File,
    kept: Arc<Kept>,
    /// A row for each name as well.
    full: bool,
    newest: Option<csv::Newest>,
}

/// The file, for as long as this value lives.
#[derive(Debug)]
pub struct Kept(PathBuf);

impl Kept {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What is left is in a folder that the system clears.
        let _ = fs::remove_file(&self.0);
    }
}

impl History {
    /// # Errors
    /// Where the system's folder takes no file.
    pub fn temporary(full: bool) -> io::Result<History> {
        let name = format!("e2e-{}-{:016x}_stats_history.csv", std::process::id(), rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        // Nobody else's file, and nobody else's to read.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let kept = Arc::new(Kept(path));
        file.write_all(csv::history_heads().as_bytes())?;
        Ok(History { file, kept, full, newest: None })
    }

    pub fn file(&self) -> &Arc<Kept> {
        &self.kept
    }

    /// # Errors
    /// A row that is lost: the file is not whole any more.
    pub fn hear(&mut self, event: &Event) -> io::Result<()> {
        let (view, is_last) = match event {
            Event::Tick(tick) => {
                let span = Span::of(&tick.totals, tick.since, tick.at);
                (View { totals: &tick.totals, span, at: tick.at, users: tick.users }, false)
            }
            Event::Done(summary) => {
                let (span, at) = (summary.span(), summary.ended_at);
                (View { totals: &summary.totals, span, at, users: 0 }, true)
            }
            Event::Started(_) | Event::Log(_) => return Ok(()),
        };
        csv::append(&mut self.file, &mut self.newest, (&view, is_last), self.full)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_file_has_a_row_a_tick_and_goes_with_its_keeper() {
        let mut history = History::temporary(false).unwrap();
        sample::events().iter().for_each(|event| history.hear(event).unwrap());
        let kept = history.file().clone();
        let text = fs::read_to_string(kept.path()).unwrap();
        // The heads, two ticks, the end.
        assert_eq!(text.lines().count(), 4);
        assert!(text.starts_with("Timestamp,User Count,"));
        let path = kept.path().to_owned();
        drop(history);
        assert!(path.exists());
        drop(kept);
        assert!(!path.exists());
    }
}
