//! Text files, line by line. Called by `sources`.

use super::rows::Rows;
use super::sources::Broken;

/// Each line, without its end; the empty ones included, but for what follows the last line feed.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, Broken> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|why| {
        let line = bytes[..why.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Broken::new("the line is not UTF-8 text").line(line as u64)
    })?;
    let mut rows = Rows::new(Vec::new());
    text.lines().try_for_each(|line| rows.push(line.as_bytes()))?;
    Ok(rows.done())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_their_ends() {
        let lines = |bytes: &[u8]| {
            let rows = read(bytes).unwrap();
            (0..rows.len()).map(|row| rows.fields(row).next().unwrap().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(lines(b"\xef\xbb\xbfa\r\n\nb c\n"), [&b"a"[..], b"", b"b c"]);
        assert_eq!(lines(b"a\nb"), [b"a", b"b"]);
        assert!(lines(b"").is_empty());
        assert_eq!(read(b"a\n\xff\n").unwrap_err().line, Some(2));
    }
}
