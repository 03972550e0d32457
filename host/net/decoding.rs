//! Takes the content coding off a body that is kept, a bit at a time: other VUs go on meanwhile.
//! Used by `client`.

use super::account::{Charge, LARGE};
use super::answer::Answer;
use super::coding::{Coding, Decoder};
use super::error::{Error, ErrorKind};

/// So much is written before others get their turn.
const SLICE: usize = 512 << 10;

/// Decodes the answer's body in place. A coding that is not known, and several at once, stay. `most`: of the decoded
/// body, in bytes.
pub(super) async fn decode(answer: &mut Answer, most: usize, mut charge: Charge<'_>) {
    let Some(coding) = answer.headers().get("content-encoding").and_then(Coding::of) else { return };
    if answer.body().is_empty() {
        return;
    }
    let head = answer.head.length;
    let coded = std::mem::take(&mut answer.raw);
    let mut raw = Vec::with_capacity(head + (coded.len() - head).saturating_mul(3).min(most).min(LARGE));
    raw.extend_from_slice(&coded[..head]);
    answer.error = unpack(coding, &coded[head..], &mut raw, head + most, &mut charge).await.err();
    // Each step has room for more than most answers need.
    raw.shrink_to_fit();
    answer.raw = raw;
}

/// Decodes `input` to the end of `out`, which may become `most` bytes long.
async fn unpack(
    coding: Coding,
    mut input: &[u8],
    out: &mut Vec<u8>,
    most: usize,
    charge: &mut Charge<'_>,
) -> Result<(), Error> {
    let broken = |why: String| {
        Error::new(ErrorKind::Body, format!("the body cannot be decoded as {}: {why}", coding.name()))
    };
    let start = out.len();
    let check = |out: &mut Vec<u8>, charge: &mut Charge<'_>| {
        if out.len() > most {
            out.truncate(most);
            let most = most - start;
            let text =
                format!("the body is larger than {most} bytes once it is decoded from {}", coding.name());
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        if out.len() > LARGE { charge.set(out.capacity() + input.len()) } else { Ok(()) }
    };
    let mut decoder = Decoder::new(coding);
    let mut pause = out.len() + SLICE;
    loop {
        let stepped = decoder.step(input, out).map_err(broken)?;
        input = &input[stepped.used..];
        check(out, charge)?;
        if input.is_empty() && !stepped.is_full {
            break;
        }
        if out.len() >= pause {
            pause = out.len() + SLICE;
            tokio::task::yield_now().await;
        }
    }
    decoder.end(out).map_err(broken)?;
    check(out, charge)
}
