//! Taking texts and blobs apart: what comes of it can be many times as large as they are, so that it is
//! measured before it is made. Bound by `guards`, before the library's own.

use std::any::TypeId;
use std::ops::{Range, RangeInclusive};

use rhai::{Array, Blob, Dynamic, ImmutableString, Module};

use super::guards::{Bounded, fitting, fitting_bytes};

type Text = ImmutableString;

/// What a piece takes beside its bytes: its place in the list, and the text that it is.
const PIECE: usize = size_of::<Dynamic>() + 64;

pub(super) fn bind(module: &mut Module) {
    module.set_native_fn("split", |text: Text| pieces(text.split_whitespace()));
    module.set_native_fn("split", |text: Text, mark: Text| pieces(text.split(mark.as_str())));
    module.set_native_fn("split", |text: Text, mark: char| pieces(text.split(mark)));
    module.set_native_fn("split", |text: Text, mark: Text, most: i64| {
        pieces(text.splitn(at_least_one(most), mark.as_str()))
    });
    module.set_native_fn("split", |text: Text, mark: char, most: i64| {
        pieces(text.splitn(at_least_one(most), mark))
    });
    module.set_native_fn("split_rev", |text: Text, mark: Text| pieces(text.rsplit(mark.as_str())));
    module.set_native_fn("split_rev", |text: Text, mark: char| pieces(text.rsplit(mark)));
    module.set_native_fn("split_rev", |text: Text, mark: Text, most: i64| {
        pieces(text.rsplitn(at_least_one(most), mark.as_str()))
    });
    module.set_native_fn("split_rev", |text: Text, mark: char, most: i64| {
        pieces(text.rsplitn(at_least_one(most), mark))
    });
    module.set_native_fn("to_chars", |text: Text| {
        fitting(text.chars().count() as i64, size_of::<Dynamic>())?;
        Ok(text.chars().map(Dynamic::from).collect::<Array>())
    });
    module.set_native_fn("to_array", |bytes: Blob| {
        fitting(bytes.len() as i64, size_of::<Dynamic>())?;
        Ok(bytes.iter().map(|byte| Dynamic::from(i64::from(*byte))).collect::<Array>())
    });
    module.set_getter_fn("chars", |text: &mut Text| Ok(Chars::new(text.clone(), 0, i64::MAX)));
    module.set_native_fn("chars", |text: Text| Ok(Chars::new(text, 0, i64::MAX)));
    module.set_native_fn("chars", |text: Text, start: i64| Ok(Chars::new(text, start, i64::MAX)));
    module.set_native_fn("chars", |text: Text, start: i64, count: i64| Ok(Chars::new(text, start, count)));
    module.set_native_fn("chars", |text: Text, range: Range<i64>| {
        let start = range.start.max(0);
        Ok(Chars::new(text, start, range.end.max(start) - start))
    });
    module.set_native_fn("chars", |text: Text, range: RangeInclusive<i64>| {
        let start = (*range.start()).max(0);
        Ok(Chars::new(text, start, (*range.end()).max(start - 1).saturating_sub(start - 1)))
    });
    module.set_iter_result(TypeId::of::<Text>(), |text| {
        Box::new(Chars::new(text.cast::<Text>(), 0, i64::MAX).map(Ok))
    });
    module.set_iter_result(TypeId::of::<Chars>(), |chars| Box::new(chars.cast::<Chars>().map(Ok)));
}

fn at_least_one(most: i64) -> usize {
    usize::try_from(most).unwrap_or(0).max(1)
}

/// The pieces as a list, once they are found to fit.
fn pieces<'t>(all: impl Iterator<Item = &'t str> + Clone) -> Bounded<Array> {
    let (mut count, mut bytes) = (0, 0);
    for piece in all.clone() {
        count += 1;
        bytes += PIECE + piece.len();
        // Looked at now and then, so that no time is lost with what cannot be.
        if count % 4096 == 0 {
            fitting_bytes(count, bytes)?;
        }
    }
    fitting_bytes(count, bytes)?;
    Ok(all.map(|piece| Text::from(piece).into()).collect())
}

/// The characters of a text, one after another: the text stays as it is.
#[derive(Clone)]
struct Chars {
    text: Text,
    /// Where the next begins, in bytes.
    at: usize,
    left: i64,
}

impl Chars {
    /// From the character `start` on, counted back from the end where it is negative.
    fn new(text: Text, start: i64, count: i64) -> Chars {
        let nth = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let at = match start {
            0 => Some(0),
            1.. => text.char_indices().nth(nth(start as u64)).map(|(at, _)| at),
            _ => text
                .char_indices()
                .rev()
                .nth(nth(start.unsigned_abs() - 1))
                .map_or(Some(0), |(at, _)| Some(at)),
        };
        let at = at.unwrap_or(text.len());
        Chars { text, at, left: count }
    }
}

impl Iterator for Chars {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        if self.left <= 0 {
            return None;
        }
        let next = self.text[self.at..].chars().next()?;
        self.at += next.len_utf8();
        self.left -= 1;
        Some(next.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_from_either_end() {
        let chars = |start, count| {
            let all = Chars::new("añb☃c".into(), start, count);
            all.map(|one| one.as_char().expect("a character")).collect::<String>()
        };
        assert_eq!(chars(0, i64::MAX), "añb☃c");
        assert_eq!(chars(1, 2), "ñb");
        assert_eq!(chars(-2, 9), "☃c");
        assert_eq!(chars(-9, 2), "añ");
        assert_eq!(chars(5, 1), "");
        assert_eq!(chars(2, 0), "");
    }
}
