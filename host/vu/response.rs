//! The responses that a VU's running call holds. Scripts hold numbers, so that
//! bodies go when the call ends, whatever the script's collector does. Used by `api`.

use crate::metrics::{Group, Key, TagSet};
use crate::net::Response;

/// Whether a response was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The script asked to judge it (`catch_response`), and has not yet.
    Open,
    /// Its body is being read: it counts when that is over.
    Streamed,
    Settled,
}

/// A response, and what it counts under.
pub struct Kept {
    pub response: Box<Response>,
    pub key: Key,
    /// The group that it was made in.
    pub group: Group,
    /// The name that was given, if one was: failures are grouped under it instead of the URL.
    pub name: Option<Box<str>>,
    pub verdict: Verdict,
    /// Those that the script gave it, where somebody asks for them.
    pub tags: TagSet,
}

impl Kept {
    /// What scripts see as the status: that of half an answer must pass no check.
    pub fn status(&self) -> u16 {
        if self.response.error.is_some() { 0 } else { self.response.status }
    }

    /// Why it failed by the default rule: no answer, or a status of 400 and above.
    pub fn default_failure(&self) -> Option<String> {
        if let Some(error) = &self.response.error {
            return Some(error.text.clone());
        }
        if self.response.status < 400 {
            return None;
        }
        let status = self.response.status;
        let side = if status < 500 { "Client" } else { "Server" };
        let reason = self.response.reason();
        let place = self.name.as_deref().map_or_else(|| self.response.url(), str::to_owned);
        Some(format!("HTTPError('{status} {side} Error: {} for url: {place}')", reason))
    }
}

/// A number names a response for as long as its call runs: its lower half is the place, its
/// upper half counts the calls, so that a number kept longer is noticed.
///
/// The bodies are bounded altogether: those of the oldest responses make room for new ones.
pub struct Responses {
    kept: Vec<Kept>,
    call: u32,
    /// Bytes of the bodies, and most of them.
    held: usize,
    most: usize,
    /// The first response that may have one.
    oldest: usize,
}

impl Responses {
    /// `most`: bytes of all bodies; the newest may be larger.
    pub fn new(most: usize) -> Self {
        Responses { kept: Vec::new(), call: 0, held: 0, most, oldest: 0 }
    }

    pub fn insert(&mut self, kept: Kept) -> u64 {
        self.held += kept.response.held();
        self.kept.push(kept);
        if self.held > self.most {
            self.make_room();
        }
        u64::from(self.call) << 32 | (self.kept.len() as u64 - 1)
    }

    #[cold]
    fn make_room(&mut self) {
        let newest = self.kept.len() - 1;
        while self.held > self.most && self.oldest < newest {
            let response = &mut self.kept[self.oldest].response;
            let before = response.held();
            response.release();
            self.held -= before - response.held();
            self.oldest += 1;
        }
    }

    /// None once the call that made it has ended.
    pub fn get(&self, number: u64) -> Option<&Kept> {
        self.kept.get(self.place(number)?)
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut Kept> {
        let place = self.place(number)?;
        self.kept.get_mut(place)
    }

    fn place(&self, number: u64) -> Option<usize> {
        (number >> 32 == u64::from(self.call)).then_some(number as u32 as usize)
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Kept> {
        self.kept.iter_mut()
    }

    pub fn clear(&mut self) {
        if !self.kept.is_empty() {
            self.kept.clear();
            (self.held, self.oldest) = (0, 0);
            // A task that made many keeps no room for them.
            self.kept.shrink_to(4);
            self.call = self.call.wrapping_add(1);
        }
    }
}
