//! What the scripts of one worker have opened: after the first time no lock is asked.
//! Part of the VUs' `Shared`, called by `api`.

use std::cell::{Ref, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::dataset::Dataset;
use super::sources::Sources;
use crate::fault::Fault;

pub struct Reader {
    pub sources: Arc<Sources>,
    datasets: RefCell<Vec<Dataset>>,
    secrets: RefCell<FxHashMap<Box<str>, Box<str>>>,
}

impl Reader {
    pub fn new(sources: Arc<Sources>) -> Self {
        Reader { sources, datasets: RefCell::default(), secrets: RefCell::default() }
    }

    /// The number of a dataset: that of the one that is the same, if there is one.
    pub fn keep(&self, dataset: Dataset) -> u64 {
        let mut datasets = self.datasets.borrow_mut();
        let place = datasets.iter().position(|known| known.is(&dataset)).unwrap_or_else(|| {
            datasets.push(dataset);
            datasets.len() - 1
        });
        place as u64
    }

    pub fn dataset(&self, number: u64) -> Option<Ref<'_, Dataset>> {
        Ref::filter_map(self.datasets.borrow(), |datasets| datasets.get(number as usize)).ok()
    }

    /// The secret of that name.
    ///
    /// # Errors
    /// As [`super::Secrets::read`].
    pub fn secret(&self, name: &str) -> Result<Ref<'_, str>, Fault> {
        if !self.secrets.borrow().contains_key(name) {
            let value = self.sources.secrets().read(name)?;
            self.secrets.borrow_mut().insert(name.into(), value.into());
        }
        Ok(Ref::map(self.secrets.borrow(), |secrets| &*secrets[name]))
    }
}
