//! Reads an HTTP/1.1 request off a connection, bounded. Used by `hostile`.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// Bytes of a line or of a body.
const MOST_READ: u64 = 16 << 20;

pub struct Request {
    pub method: String,
    /// With its query.
    pub target: String,
    /// By name in lower case; those given several times are joined by a comma.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// None where the client has left.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
        let line = read_line(from)?;
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let mut headers = BTreeMap::new();
        while let Some((name, value)) = read_line(from)?.split_once(':') {
            let joined: &mut String = headers.entry(name.to_ascii_lowercase()).or_default();
            if !joined.is_empty() {
                joined.push_str(", ");
            }
            joined.push_str(value.trim());
        }
        let mut body = Vec::new();
        if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
            loop {
                let size = u64::from_str_radix(&read_line(from)?, 16).map_err(io::Error::other)?;
                read_body(from, size, &mut body)?;
                read_line(from)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = headers.get("content-length").and_then(|value| value.parse().ok()) {
            read_body(from, length, &mut body)?;
        }
        Ok(Some(Request { method: method.into(), target: target.into(), headers, body }))
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.take(MOST_READ).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn read_body(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    if (body.len() as u64).saturating_add(length) > MOST_READ {
        return Err(io::ErrorKind::InvalidData.into());
    }
    from.take(length).read_to_end(body)?;
    Ok(())
}
