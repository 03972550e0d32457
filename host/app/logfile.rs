//! `--logfile`: every log line, as it comes. Used by `app`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::report::{Sink, make_folder, reason};

pub(super) struct Logfile {
    path: PathBuf,
    /// None once a line was lost: one fault tells it.
    file: Option<File>,
}

impl Logfile {
    /// # Errors
    /// [`Exit::Config`] when the file cannot be written. Its folder is made where there is none.
    pub(super) fn open(path: &Path) -> Result<Logfile, Fault> {
        let file = make_folder(path).and_then(|()| File::options().create(true).append(true).open(path));
        let file =
            file.map_err(|why| unwritable(path, &why).help("choose a path that this user may write"))?;
        Ok(Logfile { path: path.to_owned(), file: Some(file) })
    }
}

fn unwritable(path: &Path, why: &std::io::Error) -> Fault {
    Fault::new(Exit::Config, format!("cannot write the log to `{}`", path.display())).why(reason(why))
}

impl Sink for Logfile {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        let (Event::Log(line), Some(file)) = (event, &mut self.file) else { return Ok(()) };
        let at = jiff::Timestamp::try_from(line.at).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
        let level = format!("{:?}", line.level).to_uppercase();
        let written = writeln!(file, "{at} {level:<5} {}: {}", line.source, line.text);
        written.map_err(|why| {
            self.file = None;
            unwritable(&self.path, &why)
        })
    }
}
