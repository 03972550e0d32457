//! `--logfile`: every log line, as it comes.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::report::Sink;

pub(super) struct Logfile {
    path: PathBuf,
    file: File,
}

impl Logfile {
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn open(path: &Path) -> Result<Logfile, Fault> {
        let file = File::options().create(true).append(true).open(path).map_err(|why| unwritable(path, &why))?;
        Ok(Logfile { path: path.to_owned(), file })
    }
}

fn unwritable(path: &Path, why: &std::io::Error) -> Fault {
    Fault::new(Exit::Config, format!("cannot write the log file {}", path.display())).why(why.to_string())
}

impl Sink for Logfile {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        let Event::Log(line) = event else { return Ok(()) };
        let at = jiff::Timestamp::try_from(line.at).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
        let level = format!("{:?}", line.level).to_uppercase();
        let written = writeln!(self.file, "{at} {level:<5} {}: {}", line.source, line.text);
        written.map_err(|why| unwritable(&self.path, &why))
    }
}
