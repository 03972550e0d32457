//! The bytes of a message, cut into fields. Used by `decode`.

use crate::net::{FieldKind as Kind, FieldShape, Label, MessageShape};

/// A value as it was sent; places are in the bytes of its message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    Varint(u64),
    Eight(u64),
    Four(u32),
    Bytes { start: u32, end: u32 },
    Group { start: u32, end: u32 },
}

/// Why bytes are no message.
pub(super) type Broken = &'static str;

/// Reads fields one after the other.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or("it ends within a number")?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number has more than 64 bits")
    }

    pub(super) fn four(&mut self) -> Result<u32, Broken> {
        let there = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        self.at += 4;
        Ok(u32::from_le_bytes(*there.ok_or("it ends within a number")?))
    }

    pub(super) fn eight(&mut self) -> Result<u64, Broken> {
        let there = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        self.at += 8;
        Ok(u64::from_le_bytes(*there.ok_or("it ends within a number")?))
    }

    /// Number and value of the next field.
    pub(super) fn field(&mut self) -> Result<(u32, Wire), Broken> {
        let (number, wire) = self.tag()?;
        Ok((number, self.value(number, wire, 0)?))
    }

    fn tag(&mut self) -> Result<(u32, u32), Broken> {
        let tag = u32::try_from(self.varint()?).map_err(|_| "the number of a field is too large")?;
        if tag >> 3 == 0 {
            return Err("the number of a field is 0");
        }
        Ok((tag >> 3, tag & 7))
    }

    fn value(&mut self, number: u32, wire: u32, depth: usize) -> Result<Wire, Broken> {
        match wire {
            0 => self.varint().map(Wire::Varint),
            1 => self.eight().map(Wire::Eight),
            2 => {
                let length =
                    usize::try_from(self.varint()?).map_err(|_| "a field is longer than the message")?;
                let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
                let end = end.ok_or("a field is longer than the message")?;
                let start = std::mem::replace(&mut self.at, end);
                Ok(Wire::Bytes { start: start as u32, end: end as u32 })
            }
            3 => {
                let start = self.at;
                if depth >= super::encode::MAX_DEPTH {
                    return Err("it nests too deeply");
                }
                loop {
                    let end = self.at;
                    match self.tag()? {
                        (inner, 4) if inner == number => {
                            return Ok(Wire::Group { start: start as u32, end: end as u32 });
                        }
                        (_, 4) => return Err("a group ends that did not begin"),
                        (inner, wire) => drop(self.value(inner, wire, depth + 1)?),
                    }
                }
            }
            5 => self.four().map(Wire::Four),
            _ => Err("the type of a field is not known"),
        }
    }
}

/// A field that was found: its place in the shape, and what was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) field: u16,
    pub(super) wire: Wire,
}

/// Appends the known fields of a message, sorted by their place in the shape; of a oneof only what counts.
pub(super) fn scan(shape: &MessageShape, bytes: &[u8], found: &mut Vec<Found>) -> Result<(), Broken> {
    let base = found.len();
    let mut reader = Reader::new(bytes);
    // Of each oneof: the field that was set last, and since when.
    let mut runs: Vec<(u16, u16, usize)> = Vec::new();
    let (mut is_sorted, mut is_contested, mut last) = (true, false, 0);
    while !reader.is_over() {
        let (number, wire) = reader.field()?;
        let Some(field) = shape.numbered(number) else { continue };
        let known = &shape.fields[field as usize];
        if !fits(known, wire) {
            // As other readers do: what cannot be the field is one that is not known.
            continue;
        }
        if let Some(oneof) = known.oneof {
            match runs.iter_mut().find(|(of, ..)| *of == oneof) {
                Some(run) if run.1 == field => {}
                Some(run) => {
                    *run = (oneof, field, found.len());
                    is_contested = true;
                }
                None => runs.push((oneof, field, found.len())),
            }
        }
        is_sorted &= field >= last;
        last = field;
        found.push(Found { field, wire });
    }
    if is_contested {
        let mut place = 0;
        found.retain(|one| {
            let at = place;
            place += 1;
            at < base
                || shape.fields[one.field as usize].oneof.is_none_or(|oneof| {
                    runs.iter().any(|run| run.0 == oneof && run.1 == one.field && at >= run.2)
                })
        });
    }
    if !is_sorted {
        found[base..].sort_by_key(|one| one.field);
    }
    Ok(())
}

/// Whether what was sent can be the field: lists of numbers may also come packed.
pub(super) fn fits(field: &FieldShape, wire: Wire) -> bool {
    let kind = field.kind;
    match wire {
        Wire::Varint(_) => kind.wire() == 0,
        Wire::Eight(_) => kind.wire() == 1,
        Wire::Four(_) => kind.wire() == 5,
        Wire::Group { .. } => matches!(kind, Kind::Group(_)),
        Wire::Bytes { .. } => {
            kind.wire() == 2 || kind.can_pack() && matches!(field.label, Label::List { .. })
        }
    }
}
