//! What a request's options say of its body: `json`, `data`, `files`, `data_file`, `compression`. Used by
//! `request`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::rc::Rc;

use bytes::Bytes;

use crate::net::{Coding, Part, Upload};
use crate::vu::fiber;

use super::frame::{Arg, FnRef, Frame, HostResult, Raise, TableRef, wrong};
use super::multipart::{File, Multipart};
use super::request::{Pairs, pairs, text};

/// A request's body.
#[derive(Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: Option<Cow<'static, str>>,
    /// How many options have given one.
    given: u8,
    /// What most requests have nothing of: boxed, to keep them small.
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    /// In place of the bytes.
    upload: Option<Rc<Upload>>,
    /// Gives the chunks of `upload`.
    feed: Option<FnRef>,
    compression: Option<Coding>,
    /// `data` as a table, until it is known whether there are files as well.
    fields: Option<Pairs>,
    files: Option<Vec<File>>,
}

impl Body {
    pub(super) fn read_json(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        self.given += 1;
        self.bytes.reserve(256);
        frame.encode(value, &mut self.bytes)?;
        self.content_type = Some(Cow::Borrowed("application/json"));
        Ok(())
    }

    /// `data`: a string as it is, a table as a form, a function that gives chunks.
    pub(super) fn read_data(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        self.given += 1;
        match value {
            Arg::Str(bytes) => self.bytes = bytes.to_vec(),
            Arg::Table(_) => {
                let mut fields = Vec::new();
                pairs(frame, "data", value, &mut fields)?;
                self.more().fields = Some(fields);
            }
            // The function itself is looked up at the end: here it is seen only for a moment.
            Arg::Function(_) => self.more().upload = Some(Rc::new(Upload::fed())),
            other => {
                return Err(wrong(
                    "data",
                    "a string, a table for a form, or a function that gives chunks",
                    other,
                ));
            }
        }
        Ok(())
    }

    /// `files`: by name a content, a table that describes one, or a list of these.
    pub(super) fn read_files(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        let Arg::Table(table) = value else { return Err(wrong("files", "a table", value)) };
        let mut files = Vec::new();
        frame.each(table, &mut |name, value| {
            let name = name.to_text().ok_or_else(|| wrong("a name in files", "a string", name))?;
            match value {
                Arg::Table(list) if frame.length(list) > 0 => frame.items(list, &mut |_, value| {
                    files.push(read_file(frame, &name, value)?);
                    Ok(())
                }),
                value => {
                    files.push(read_file(frame, &name, value)?);
                    Ok(())
                }
            }
        })?;
        // In an order that repeats; those of one name stay in theirs.
        files.sort_by(|a, b| a.name.cmp(&b.name));
        self.more().files = Some(files);
        Ok(())
    }

    /// `data_file`: a file below the script root.
    pub(super) fn read_data_file(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        self.given += 1;
        let file = locate(frame, &text("data_file", value)?)?;
        self.more().upload = Some(Rc::new(Upload::of(vec![file])));
        Ok(())
    }

    pub(super) fn read_compression(&mut self, value: Arg<'_>) -> HostResult {
        let name = text("compression", value)?;
        let known = Coding::ALL.map(Coding::name);
        let coding = Coding::ALL.into_iter().find(|coding| coding.name() == name);
        self.more().compression = Some(coding.ok_or_else(|| Raise::unknown("compression", &name, known))?);
        Ok(())
    }

    /// Once all options are read: makes of them what is sent.
    ///
    /// # Errors
    /// Options that exclude each other.
    pub(super) fn finish(&mut self, frame: &dyn Frame, options: TableRef) -> HostResult {
        if self.given > 1 {
            return Err(Raise::new("a request has one body: give either `json`, `data` or `data_file`"));
        }
        let Some(more) = &mut self.more else { return Ok(()) };
        if let Some(files) = more.files.take() {
            if self.given > 0 && more.fields.is_none() {
                return Err(Raise::new(
                    "`files` can only go with `data` as a table, whose fields come before them",
                ));
            }
            let whole = Multipart::new(more.fields.take().unwrap_or_default(), files);
            self.content_type = Some(whole.content_type().into());
            match whole.into_parts() {
                parts if parts.iter().all(|part| matches!(part, Part::Bytes(_))) => {
                    for part in parts {
                        if let Part::Bytes(bytes) = part {
                            self.bytes.extend_from_slice(&bytes);
                        }
                    }
                }
                parts => more.upload = Some(Rc::new(Upload::of(parts))),
            }
        }
        if let Some(fields) = more.fields.take() {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            self.bytes = form.extend_pairs(fields).finish().into_bytes();
            self.content_type = Some(Cow::Borrowed("application/x-www-form-urlencoded"));
        }
        if let Some(upload) = &more.upload {
            if more.compression.is_some() {
                let raise =
                    Raise::new("`compression` needs the whole body: it cannot go with a file or a function");
                return Err(
                    raise.help("give the body as a string, or send a file that is compressed already")
                );
            }
            if upload.length().is_none()
                && let Arg::Function(feed) = frame.field(options, "data")
            {
                more.feed = Some(feed);
            }
        }
        // What is not there needs no coding.
        more.compression = more.compression.filter(|_| !self.bytes.is_empty());
        if let Some(coding) = more.compression {
            self.bytes = coding.encode(&self.bytes, &mut fiber::tick)?;
        }
        Ok(())
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(super) fn compression(&self) -> Option<Coding> {
        self.more.as_ref()?.compression
    }

    /// What is sent in place of the bytes.
    pub(super) fn upload(&self) -> Option<&Rc<Upload>> {
        self.more.as_ref()?.upload.as_ref()
    }

    /// The function that gives the chunks of `upload`.
    pub(super) fn feed(&self) -> Option<FnRef> {
        self.more.as_ref()?.feed
    }
}

/// An item of `files`.
fn read_file(frame: &dyn Frame, name: &str, value: Arg<'_>) -> Result<File, Raise> {
    let what = |field: &str| format!("files.{name}.{field}");
    let mut file = File::new(name);
    match value {
        Arg::Str(content) => file.content = Part::Bytes(Bytes::copy_from_slice(content)),
        Arg::Table(table) => {
            let (mut has_content, mut path) = (false, None);
            frame.each(table, &mut |key, value| {
                match key {
                    Arg::Str(b"filename") => file.filename = Some(text(&what("filename"), value)?),
                    Arg::Str(b"content_type") => {
                        file.content_type = Some(text(&what("content_type"), value)?)
                    }
                    Arg::Str(b"content") => {
                        let Arg::Str(content) = value else {
                            return Err(wrong(&what("content"), "a string", value));
                        };
                        has_content = true;
                        file.content = Part::Bytes(Bytes::copy_from_slice(content));
                    }
                    Arg::Str(b"path") => path = Some(text(&what("path"), value)?),
                    key => {
                        let key = key.to_text().unwrap_or_default();
                        let known = ["filename", "content", "content_type", "path"];
                        return Err(Raise::unknown("field of a file", &key, known));
                    }
                }
                Ok(())
            })?;
            match (path, has_content) {
                (Some(path), false) => {
                    file.content = locate(frame, &path)?;
                    let own = path.rsplit('/').next().unwrap_or_default();
                    file.filename.get_or_insert_with(|| own.to_owned());
                }
                (None, true) => {}
                _ => {
                    let raise = Raise::new(format!("files.{name} needs either `content` or `path`"));
                    return Err(raise.help("a file is a string, or { content = .. } or { path = .. }"));
                }
            }
        }
        other => return Err(wrong(&format!("files.{name}"), "a string or a table", other)),
    }
    if file.content_type.as_ref().is_some_and(|kind| kind.contains(['\r', '\n'])) {
        return Err(Raise::new(format!("{} cannot hold a line feed", what("content_type"))));
    }
    Ok(file)
}

/// A file below the script root, as part of a body.
fn locate(frame: &dyn Frame, path: &str) -> Result<Part, Raise> {
    let found = frame.vu().shared.data.sources.find(path);
    let path: PathBuf =
        found.map_err(|fault| fault.help.into_iter().fold(Raise::new(fault.what), Raise::help))?;
    let length = std::fs::metadata(&path)
        .map_err(|why| Raise::new(format!("cannot read {}: {why}", path.display())))?;
    Ok(Part::File { path, length: length.len() })
}
