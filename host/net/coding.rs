//! Content codings (RFC 9110, section 8.4): gzip, deflate, br and zstd, both ways, in steps of
//! bounded work: what is small on the wire may be huge behind it. No I/O. Used by `decoding`,
//! `download`, and (for requests) by `api::request`.

use std::io::Write;

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::write::{DeflateDecoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Deflate,
    Br,
    Zstd,
}

/// Most bytes that one step writes.
const STEP: usize = 64 << 10;

/// RFC 9659: what a zstd decoder of HTTP must be able to hold, and need not exceed.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How each member of a gzip file begins.
const GZIP_START: u8 = 0x1f;

/// Fast, and near enough to the smallest.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW_LOG: u32 = 22;

impl Coding {
    pub const ALL: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Br, Coding::Zstd];

    /// Its name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Br => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// The coding that a `Content-Encoding` header names; None for one that is not known, and for several.
    pub(super) fn of(header: &[u8]) -> Option<Coding> {
        let name = header.trim_ascii();
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Coding::Gzip);
        }
        Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name().as_bytes()))
    }

    /// Codes `bytes`; calls `pause` between pieces of it, whose error ends it.
    ///
    /// # Errors
    /// That of `pause`.
    pub fn encode<E>(self, bytes: &[u8], pause: &mut dyn FnMut() -> Result<(), E>) -> Result<Vec<u8>, E> {
        let room = Vec::with_capacity(bytes.len() / 4 + 64);
        let level = flate2::Compression::default();
        match self {
            Coding::Gzip => {
                let mut coder = GzEncoder::new(room, level);
                write(&mut coder, bytes, pause)?;
                Ok(coder.finish().expect("writing to memory does not fail"))
            }
            Coding::Deflate => {
                let mut coder = ZlibEncoder::new(room, level);
                write(&mut coder, bytes, pause)?;
                Ok(coder.finish().expect("writing to memory does not fail"))
            }
            Coding::Br => {
                let mut coder = brotli::CompressorWriter::new(room, STEP, BROTLI_QUALITY, BROTLI_WINDOW_LOG);
                write(&mut coder, bytes, pause)?;
                Ok(coder.into_inner())
            }
            Coding::Zstd => {
                let mut coder = zstd_safe::CCtx::create();
                let mut out = room;
                for (index, piece) in bytes.chunks(STEP).enumerate() {
                    if index > 0 {
                        pause()?;
                    }
                    let mut input = InBuffer::around(piece);
                    while input.pos() < piece.len() {
                        grow(&mut out, |buffer| coder.compress_stream(buffer, &mut input))
                            .expect("a context with memory compresses anything");
                    }
                }
                while grow(&mut out, |buffer| coder.end_stream(buffer))
                    .expect("a context with memory compresses anything")
                    > 0
                {}
                Ok(out)
            }
        }
    }
}

fn write<E>(coder: &mut dyn Write, bytes: &[u8], pause: &mut dyn FnMut() -> Result<(), E>) -> Result<(), E> {
    for (index, piece) in bytes.chunks(STEP).enumerate() {
        if index > 0 {
            pause()?;
        }
        coder.write_all(piece).expect("writing to memory does not fail");
    }
    Ok(())
}

/// Has zstd write behind what `out` holds, at most a step.
fn grow(
    out: &mut Vec<u8>,
    run: impl FnOnce(&mut OutBuffer<'_, [u8]>) -> zstd_safe::SafeResult,
) -> zstd_safe::SafeResult {
    let held = out.len();
    out.resize(held + STEP, 0);
    let mut room = OutBuffer::around(&mut out[held..]);
    let result = run(&mut room);
    let written = room.pos();
    out.truncate(held + written);
    result
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stepped {
    /// So many bytes of the input were taken.
    pub(super) used: usize,
    /// There may be more output without more input.
    pub(super) is_full: bool,
}

/// Decodes a body as it arrives.
pub(super) struct Decoder {
    kind: Kind,
    /// The coded data has come to its end; what follows is ignored.
    is_done: bool,
}

type Brotli = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// Boxed where they are large: a decoder is held by a response.
enum Kind {
    /// Its first bytes tell whether it is wrapped as RFC 1950 asks; many servers do not.
    Start(Vec<u8>),
    Gzip(GzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
    Deflate(DeflateDecoder<Vec<u8>>),
    Brotli(Box<Brotli>),
    Zstd {
        context: DCtx<'static>,
        is_within: bool,
    },
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Self {
        let kind = match coding {
            Coding::Gzip => Kind::Gzip(GzDecoder::new(Vec::new())),
            Coding::Deflate => Kind::Start(Vec::new()),
            Coding::Br => {
                let alloc = StandardAlloc::default;
                Kind::Brotli(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
            }
            Coding::Zstd => {
                let mut context = DCtx::create();
                // It stands for as long as the parameter exists; the decoder's own limit is larger.
                let _ = context.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG));
                Kind::Zstd { context, is_within: false }
            }
        };
        Decoder { kind, is_done: false }
    }

    /// Decodes some of `input` to the end of `out`; at most 64 KiB a step, or twice that.
    ///
    /// # Errors
    /// What is wrong with the data.
    pub(super) fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Stepped, String> {
        if self.is_done {
            return Ok(Stepped { used: input.len(), is_full: false });
        }
        if let Kind::Start(start) = &mut self.kind {
            let used = (2 - start.len()).min(input.len());
            start.extend_from_slice(&input[..used]);
            if start.len() == 2 {
                let start = std::mem::take(start);
                self.kind = Kind::of(&start);
                self.step(&start, out)?;
            }
            return Ok(Stepped { used, is_full: false });
        }
        let held = out.len();
        let mut is_full = false;
        let used = match &mut self.kind {
            Kind::Start(_) => 0,
            Kind::Gzip(coder) => push(coder, input)?,
            Kind::Zlib(coder) => push(coder, input)?,
            Kind::Deflate(coder) => push(coder, input)?,
            Kind::Brotli(state) => {
                let (used, result) = brotli_step(state, input, out);
                is_full = matches!(result, BrotliResult::NeedsMoreOutput);
                self.is_done = matches!(result, BrotliResult::ResultSuccess);
                match result {
                    BrotliResult::ResultFailure => return Err("the data is no brotli stream".to_owned()),
                    BrotliResult::ResultSuccess => input.len(),
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => used,
                }
            }
            Kind::Zstd { context, is_within } => {
                let mut input = InBuffer::around(input);
                let missing = grow(out, |buffer| context.decompress_stream(buffer, &mut input))
                    .map_err(|code| zstd_safe::get_error_name(code).to_owned())?;
                is_full = out.len() - held >= STEP;
                // Frames may follow each other.
                if input.pos() > 0 || out.len() > held {
                    *is_within = missing > 0;
                }
                input.pos()
            }
        };
        match &mut self.kind {
            Kind::Gzip(coder) => out.append(coder.get_mut()),
            Kind::Zlib(coder) => out.append(coder.get_mut()),
            Kind::Deflate(coder) => out.append(coder.get_mut()),
            Kind::Start(_) | Kind::Brotli(_) | Kind::Zstd { .. } => return Ok(Stepped { used, is_full }),
        }
        // Nothing more is taken: the end.
        self.is_done = used == 0 && !input.is_empty();
        if self.is_done && input[0] == GZIP_START && matches!(self.kind, Kind::Gzip(_)) {
            // RFC 1952, 2.2: members may follow each other.
            self.end(out)?;
            self.kind = Kind::Gzip(GzDecoder::new(Vec::new()));
            self.is_done = false;
            return Ok(Stepped { used: 0, is_full: true });
        }
        Ok(Stepped { used: if self.is_done { input.len() } else { used }, is_full })
    }

    /// The body, which is not empty, is complete: what is left of it goes to the end of `out`.
    ///
    /// # Errors
    /// Where the data is not complete.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let cut = || "the coded data ends early".to_owned();
        let broken = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => cut(),
            _ => error.to_string(),
        };
        match &mut self.kind {
            Kind::Start(_) => Err(cut()),
            Kind::Gzip(coder) => {
                if let Err(error) = coder.try_finish() {
                    out.append(coder.get_mut());
                    // One that is whole takes nothing more; the library tells both with the same words.
                    let is_cut = !matches!(coder.write(&[0; 8]), Ok(0));
                    return Err(if is_cut { cut() } else { broken(error) });
                }
                out.append(coder.get_mut());
                Ok(())
            }
            Kind::Zlib(coder) => {
                coder.try_finish().map_err(broken)?;
                out.append(coder.get_mut());
                Ok(())
            }
            Kind::Deflate(coder) => {
                coder.try_finish().map_err(broken)?;
                out.append(coder.get_mut());
                Ok(())
            }
            Kind::Brotli(_) if !self.is_done => Err(cut()),
            Kind::Zstd { is_within: true, .. } => Err(cut()),
            Kind::Brotli(_) | Kind::Zstd { .. } => Ok(()),
        }
    }
}

impl Kind {
    /// Of a `deflate` that begins with these two bytes.
    fn of(start: &[u8]) -> Kind {
        let is_wrapped = match *start {
            [first, second] => first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31),
            _ => false,
        };
        match is_wrapped {
            true => Kind::Zlib(ZlibDecoder::new(Vec::new())),
            false => Kind::Deflate(DeflateDecoder::new(Vec::new())),
        }
    }
}

/// A call decodes no more than 32 KiB or so.
fn push(coder: &mut dyn Write, input: &[u8]) -> Result<usize, String> {
    let pushed = coder.write(input).and_then(|used| coder.flush().map(|()| used));
    pushed.map_err(|error| error.to_string())
}

/// How much of the input was taken.
fn brotli_step(state: &mut Brotli, input: &[u8], out: &mut Vec<u8>) -> (usize, BrotliResult) {
    let held = out.len();
    out.resize(held + STEP, 0);
    let (mut missing, mut used, mut room, mut written, mut total) = (input.len(), 0, STEP, 0, 0);
    let result = BrotliDecompressStream(
        &mut missing,
        &mut used,
        input,
        &mut room,
        &mut written,
        &mut out[held..],
        &mut total,
        state,
    );
    out.truncate(held + written);
    (used, result)
}

#[cfg(test)]
mod tests;
