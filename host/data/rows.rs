//! The rows of a data file: all texts in one block, and where each ends. A file takes
//! little more memory than it has bytes. Made by `csv` and `lines`.

use super::sources::Broken;

/// Rows of fields, never changed. Every field is UTF-8.
#[derive(Debug, Default)]
pub struct Rows {
    /// The names of the fields; none where a row is a plain text.
    columns: Vec<String>,
    text: Vec<u8>,
    /// Where each field ends in `text`, row by row.
    ends: Vec<u32>,
}

impl Rows {
    pub(super) fn new(columns: Vec<String>) -> Self {
        Rows { columns, ..Rows::default() }
    }

    /// Appends a field.
    ///
    /// # Errors
    /// Beyond 4 GiB of text.
    pub(super) fn push(&mut self, field: &[u8]) -> Result<(), Broken> {
        self.text.extend_from_slice(field);
        let end =
            u32::try_from(self.text.len()).map_err(|_| Broken::new("it holds more than 4 GiB of text"))?;
        self.ends.push(end);
        Ok(())
    }

    /// Gives back what was reserved for more.
    pub(super) fn done(mut self) -> Self {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    /// The names of the fields; empty where a row is a plain text.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len() / self.width()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The fields of a row, in the order of the columns.
    pub fn fields(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        let first = row * self.width();
        (first..first + self.width()).map(|field| {
            let start = if field == 0 { 0 } else { self.ends[field - 1] };
            &self.text[start as usize..self.ends[field] as usize]
        })
    }

    fn width(&self) -> usize {
        self.columns.len().max(1)
    }
}
