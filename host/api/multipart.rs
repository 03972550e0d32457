//! `multipart/form-data` by RFC 7578, with names written as browsers do. Used by `bodies`.

use bytes::Bytes;

use crate::net::Part;

/// A file of a form.
pub(super) struct File {
    pub(super) name: String,
    /// None: as the field is called. Empty: the part has none, as if it were no file.
    pub(super) filename: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content: Part,
}

impl File {
    pub(super) fn new(name: &str) -> Self {
        File { name: name.to_owned(), filename: None, content_type: None, content: Part::Bytes(Bytes::new()) }
    }
}

/// A form with files.
pub(super) struct Multipart {
    boundary: String,
    fields: Vec<(String, String)>,
    files: Vec<File>,
}

impl Multipart {
    pub(super) fn new(fields: Vec<(String, String)>, files: Vec<File>) -> Self {
        // So many bits that no content holds it.
        Multipart { boundary: format!("e2e-{:032x}", rand::random::<u128>()), fields, files }
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The body. What is in memory is one part, up to the next file that is not.
    pub(super) fn into_parts(self) -> Vec<Part> {
        let (mut parts, mut text) = (Vec::new(), Vec::new());
        let head = |text: &mut Vec<u8>, lines: &[String]| {
            text.extend_from_slice(format!("--{}\r\n", self.boundary).as_bytes());
            lines.iter().for_each(|line| text.extend_from_slice(line.as_bytes()));
            text.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.fields {
            head(&mut text, &[format!("Content-Disposition: form-data; name=\"{}\"\r\n", escape(name))]);
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        for file in self.files {
            let filename = file.filename.as_deref().unwrap_or(&file.name);
            let mut disposition = format!("Content-Disposition: form-data; name=\"{}\"", escape(&file.name));
            if !filename.is_empty() {
                disposition.push_str(&format!("; filename=\"{}\"", escape(filename)));
            }
            disposition.push_str("\r\n");
            let kind = match (file.content_type, filename) {
                (Some(kind), _) => format!("Content-Type: {kind}\r\n"),
                (None, "") => String::new(),
                (None, _) => "Content-Type: application/octet-stream\r\n".to_owned(),
            };
            head(&mut text, &[disposition, kind]);
            match file.content {
                Part::Bytes(bytes) => text.extend_from_slice(&bytes),
                file => parts.extend([Part::Bytes(std::mem::take(&mut text).into()), file]),
            }
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        parts.push(Part::Bytes(text.into()));
        parts
    }
}

/// A name between quotes: what would end it, or the line, is percent-encoded; RFC 7578, 4.2, and the HTML standard.
fn escape(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
