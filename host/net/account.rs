//! How much the bodies take that one VU is being sent at the same time: a batch of large ones must not
//! fill the machine. Small ones are not counted, so they cost nothing. Used by `exchange` and `decoding`.

use std::cell::Cell;

use super::error::{Error, ErrorKind};

/// Bodies of up to so many bytes are not counted.
pub(super) const LARGE: usize = 256 << 10;

/// What the large bodies under way take in all, and may.
pub(super) struct Account {
    used: Cell<usize>,
    most: usize,
}

impl Account {
    pub(super) fn new(most: usize) -> Self {
        Account { used: Cell::new(0), most }
    }

    pub(super) fn charge(&self) -> Charge<'_> {
        Charge { account: self, bytes: 0 }
    }
}

/// The part of one body, for as long as it is under way.
pub(super) struct Charge<'a> {
    account: &'a Account,
    bytes: usize,
}

impl Charge<'_> {
    /// It takes so many bytes by now.
    ///
    /// # Errors
    /// `TooLarge`, where that is too much beside the others. One alone is never too much.
    pub(super) fn set(&mut self, bytes: usize) -> Result<(), Error> {
        let others = self.account.used.get() - self.bytes;
        self.account.used.set(others + bytes);
        self.bytes = bytes;
        if others == 0 || others + bytes <= self.account.most {
            return Ok(());
        }
        let most = self.account.most;
        let text = format!("the bodies that this user is being sent are larger than {most} bytes altogether");
        Err(Error::new(ErrorKind::TooLarge, text))
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.account.used.set(self.account.used.get() - self.bytes);
        }
    }
}
