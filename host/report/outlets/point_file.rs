//! A file that holds every sample, point by point. Used for `--out json=FILE` and `--out csv=FILE`,
//! each of which is a [`Form`].

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::super::series::Users;
use super::super::target::{Target, reason};
use super::points::{self, Point};
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::fault::Fault;

/// How points are written.
pub(super) trait Form: Default + Send + 'static {
    /// What the file begins with.
    fn head() -> String;

    /// # Errors
    /// Of the file.
    fn put(&mut self, file: &mut impl Write, point: &Point<'_>) -> io::Result<()>;
}

pub(super) struct PointFile<F> {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    users: Users,
    form: F,
}

impl<F: Form> PointFile<F> {
    /// # Errors
    /// The file cannot be written.
    pub(super) fn prepare(outlet: &Outlet) -> Result<Self, Fault> {
        let path = PathBuf::from(&outlet.target);
        Target::prepare(&path)?;
        Ok(PointFile { path, file: None, users: Users::default(), form: F::default() })
    }

    fn write(&mut self, news: &News) -> io::Result<()> {
        if let News::Started(info) = news {
            self.users = Users::planned(info.users);
            let mut file = BufWriter::new(File::create(&self.path)?);
            file.write_all(F::head().as_bytes())?;
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Err(io::Error::other("it was lost before")) };
        let mut written = Ok(());
        let form = &mut self.form;
        let mut put = |point: &Point<'_>| {
            if written.is_ok() {
                written = form.put(file, point);
            }
        };
        match news {
            News::Samples(samples) => {
                samples.iter().for_each(|sample| points::of_sample(sample, &mut put));
                return written;
            }
            News::Tick(tick) => {
                self.users.see(tick.users);
                points::of_tick(tick, self.users, &mut put);
            }
            News::Started(_) | News::Done(..) => {}
        }
        written.and_then(|()| file.flush())
    }
}

impl<F: Form> Carrier for PointFile<F> {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        self.write(news).map_err(|error| {
            self.file = None;
            Trouble { why: reason(&error), help: None, lost: 0 }
        })
    }
}
