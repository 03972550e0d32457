//! What is said as bytes: JSON, which restores every measurement exactly, compressed, and cut into parts where it is
//! longer than a message may be. Used by `post` and `feed`.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Of one part, below what servers allow (1 MiB unless told otherwise).
const PART: usize = 512 << 10;

/// No text is longer when it is read: a broken message must not take all memory.
const LONGEST: usize = 256 << 20;

/// Which message of a sender a part belongs to, which part it is, and of how many.
const HEAD: usize = 16;

const LEVEL: i32 = 1;

/// A value, compressed.
pub fn pack(value: &impl Serialize) -> Vec<u8> {
    // Keys of maps are texts or lists of pairs throughout, and floats of measurements are kept as their bits.
    let text = serde_json::to_vec(value).unwrap_or_default();
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    match zstd_safe::compress(&mut packed, &text, LEVEL) {
        Ok(_) => packed,
        Err(_) => Vec::new(),
    }
}

/// None where it is none of ours.
pub fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Option<T> {
    let length = zstd_safe::get_frame_content_size(packed).ok()??;
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST)?;
    let mut text = Vec::with_capacity(length);
    zstd_safe::decompress(&mut text, packed).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The parts of message `number`, each with its head.
pub(super) fn cut(number: u64, packed: &[u8]) -> Vec<Vec<u8>> {
    let count = packed.len().div_ceil(PART).max(1);
    let of = |(index, part): (usize, &[u8])| {
        let mut bytes = Vec::with_capacity(HEAD + part.len());
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&(index as u32).to_le_bytes());
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
        bytes.extend_from_slice(part);
        bytes
    };
    if packed.is_empty() {
        return vec![of((0, &[]))];
    }
    packed.chunks(PART).enumerate().map(of).collect()
}

/// Puts parts together again, by subject. Parts of a message come in sequence; one may come twice.
#[derive(Default)]
pub(super) struct Joiner {
    begun: HashMap<String, (u64, u32, Vec<u8>)>,
}

impl Joiner {
    /// A whole message, with its last part.
    pub(super) fn add(&mut self, subject: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let (head, part) = bytes.split_at_checked(HEAD)?;
        let number = u64::from_le_bytes(head[..8].try_into().ok()?);
        let index = u32::from_le_bytes(head[8..12].try_into().ok()?);
        let count = u32::from_le_bytes(head[12..].try_into().ok()?);
        if count == 1 {
            return Some(part.to_vec());
        }
        if index == 0 {
            self.begun.insert(subject.to_owned(), (number, 1, part.to_vec()));
            return None;
        }
        let (of, next, so_far) = self.begun.get_mut(subject)?;
        if *of != number || *next != index || so_far.len() + part.len() > LONGEST {
            return None;
        }
        so_far.extend_from_slice(part);
        *next += 1;
        if *next < count {
            return None;
        }
        self.begun.remove(subject).map(|(_, _, whole)| whole)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_messages_are_cut_and_joined_also_where_parts_are_repeated() {
        let (one, other) = (vec![7; PART * 2 + 5], vec![9; 3]);
        let (parts, other_parts) = (cut(4, &one), cut(5, &other));
        assert_eq!((parts.len(), other_parts.len()), (3, 1));
        assert!(parts.iter().all(|part| part.len() <= PART + HEAD));
        let mut joiner = Joiner::default();
        assert_eq!(joiner.add("a", &parts[0]), None);
        assert_eq!(joiner.add("a", &parts[0]), None);
        assert_eq!(joiner.add("b", &other_parts[0]), Some(other));
        assert_eq!(joiner.add("a", &parts[1]), None);
        assert_eq!(joiner.add("a", &parts[1]), None);
        assert_eq!(joiner.add("a", &parts[2]), Some(one));
        assert_eq!((joiner.add("a", &parts[2]), joiner.add("a", b"short")), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(texts in prop::collection::vec(".{0,40}", 0..50)) {
            prop_assert_eq!(unpack::<Vec<String>>(&pack(&texts)), Some(texts));
        }

        #[test]
        fn bytes_of_others_are_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(unpack::<Vec<String>>(&bytes), None);
            let _ = Joiner::default().add("a", &bytes);
        }
    }
}
