//! Heads that are written as nobody should any more, and as browsers still read them: lines folded into further ones,
//! white space before a colon (RFC 9112, 5.1 and 5.2). Used by `head` and `exchange`, once a head was not in order.

/// What is put up with.
pub(super) fn config() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    config.allow_spaces_after_header_name_in_responses(true);
    config
}

/// A head that was parsed with [`config`], as it should have been written: each folded line is joined by a space to the
/// one before it, and names end at their colons.
pub(super) fn straightened(head: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, [b' ' | b'\t', ..]) {
            let end = out.trim_ascii_end().len();
            // A value that begins only now stands behind its colon already.
            out.truncate(end);
            out.push(b' ');
            out.extend_from_slice(line.trim_ascii_start());
            if line.trim_ascii().is_empty() {
                out.extend_from_slice(b"\r\n");
            }
            continue;
        }
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                out.extend_from_slice(line[..colon].trim_ascii_end());
                out.extend_from_slice(&line[colon..]);
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::head::Headers;
    use super::*;

    #[test]
    fn folds_become_spaces_and_names_end_at_their_colon() {
        let head = b"HTTP/1.1 200 OK\r\nA : b\r\nC: d\r\n  e \r\n\tf\r\nG:\n h\n \r\nI: j\r\n\r\n";
        let straight = straightened(head);
        let fields: Vec<_> = Headers(&straight).iter().collect();
        let expected: [(&str, &[u8]); 4] = [("A", b"b"), ("C", b"d e f"), ("G", b"h"), ("I", b"j")];
        assert_eq!(fields, expected);
        assert!(straight.ends_with(b"I: j\r\n\r\n"));
    }
}
