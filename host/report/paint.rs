//! Colours, or none. Used by the console's parts.

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tint {
    Plain,
    Title,
    Good,
    Bad,
    Warning,
    Faint,
}

/// Puts colours on text where they are welcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn text(self, tint: Tint, text: &str) -> String {
        let code = match tint {
            Tint::Plain => return text.to_owned(),
            Tint::Title => "1",
            Tint::Good => "32",
            Tint::Bad => "31",
            Tint::Warning => "33",
            Tint::Faint => "2",
        };
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
