//! Tags that scripts give what they measure: read from a table into the worker's recorder.
//! Used by `metrics`, `request` and `grpc`.

use crate::metrics::{Recorder, TagSet};

use super::frame::{Arg, Frame, HostResult, Raise, wrong};

/// The tags of the value that is added next.
///
/// # Errors
/// What is no table of names and plain values.
pub(super) fn read_tags(frame: &dyn Frame, tags: Arg<'_>, recorder: &mut Recorder) -> HostResult {
    recorder.clear_tags();
    each(frame, tags, &mut |name, value| recorder.tag(name, value))
}

/// The tags of a request, kept where somebody asks for them.
///
/// # Errors
/// What is no table of names and plain values.
pub(super) fn read_tag_set(frame: &dyn Frame, tags: Arg<'_>) -> Result<TagSet, Raise> {
    let recorder = &mut *frame.vu().shared.recorder.borrow_mut();
    if !recorder.watches_tags() {
        each(frame, tags, &mut |_, _| {})?;
        return Ok(TagSet::NONE);
    }
    read_tags(frame, tags, recorder)?;
    Ok(recorder.tag_set())
}

/// The tags of a call, kept where somebody asks for them.
///
/// # Errors
/// What is no table of names and plain values.
pub(in crate::api) fn read_pairs(frame: &dyn Frame, tags: Arg<'_>) -> Result<Vec<(String, String)>, Raise> {
    let is_asked = frame.vu().shared.recorder.borrow().tells_values();
    let mut pairs = Vec::new();
    each(frame, tags, &mut |name, value| {
        if is_asked {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    })?;
    Ok(pairs)
}

fn each(frame: &dyn Frame, tags: Arg<'_>, take: &mut dyn FnMut(&str, &str)) -> HostResult {
    let tags = match tags {
        Arg::Nil => return Ok(()),
        Arg::Table(tags) => tags,
        other => return Err(wrong("the tags", "a table", other)),
    };
    frame.each(tags, &mut |name, value| {
        let Arg::Str(name) = name else { return Err(wrong("a tag's name", "a string", name)) };
        let name = std::str::from_utf8(name).map_err(|_| Raise::new("a tag's name is not valid UTF-8"))?;
        match value.to_text() {
            Some(value) => {
                take(name, &value);
                Ok(())
            }
            None => Err(wrong(&format!("the tag `{name}`"), "a string, a number or a boolean", value)),
        }
    })
}
