//! Which parcels have been counted: each once, whoever sends it again and in whatever order voices are heard. Pure.
//! Kept by `head`.

use std::collections::BTreeMap;

use super::parcel::Voice;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The newest number of each voice. One process sends its own in sequence.
    newest: BTreeMap<Voice, u64>,
}

impl Ledger {
    /// Whether it is new, and from now on it is not.
    pub(super) fn admit(&mut self, voice: Voice, number: u64) -> bool {
        let newest = self.newest.entry(voice).or_default();
        let is_new = number > *newest;
        *newest = number.max(*newest);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_not_admitted_and_another_voice_is() {
        let mut ledger = Ledger::default();
        let voice = |segment, epoch| Voice { segment, epoch };
        let said = [(0, 1, 1), (1, 1, 1), (0, 1, 1), (0, 1, 2), (0, 2, 1), (0, 1, 2), (0, 1, 3), (0, 2, 1)];
        let admitted = said.map(|(segment, epoch, number)| ledger.admit(voice(segment, epoch), number));
        assert_eq!(admitted, [true, true, false, true, true, false, true, false]);
    }
}
