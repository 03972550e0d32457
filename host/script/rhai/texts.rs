//! Texts that a host function reads of its script, kept until it returns. Used by `frame`.

use std::cell::OnceCell;

use rhai::{Blob, ImmutableString};

/// A list that only grows, so that what is in it can be lent.
#[derive(Default)]
pub(super) struct Texts {
    text: OnceCell<Text>,
    rest: OnceCell<Box<Texts>>,
}

enum Text {
    Text(ImmutableString),
    Bytes(Blob),
}

impl Texts {
    pub(super) fn keep(&self, text: ImmutableString) -> &[u8] {
        self.put(Text::Text(text))
    }

    pub(super) fn keep_bytes(&self, bytes: Blob) -> &[u8] {
        self.put(Text::Bytes(bytes))
    }

    fn put(&self, text: Text) -> &[u8] {
        let mut at = self;
        while at.text.get().is_some() {
            at = at.rest.get_or_init(Box::default);
        }
        match at.text.get_or_init(|| text) {
            Text::Text(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}
