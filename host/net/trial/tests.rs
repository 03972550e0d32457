//! The corpus of the fuzz target, and what comes of it when bytes are changed.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use super::*;

/// Inputs that are changed at random, beside the corpus itself; `MUTATIONS` in the environment is another number,
/// and `PROPTEST_RNG_SEED` leads to others.
const MUTATIONS: u64 = 6000;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/response");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// The inputs come to what they are called, so that it is answers that the fuzzer begins with.
#[test]
fn the_corpus_is_what_it_says() {
    let mut bench = Bench::new();
    let mut play = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/response");
        let input = std::fs::read(folder.join(name)).unwrap();
        let outcome = bench.play(Mode::of(input[0]), &input[2..], input[1]);
        (outcome.status, outcome.error, String::from_utf8_lossy(&outcome.body).into_owned())
    };
    let (hello, none) = ("Hello, world!", "");
    for (name, status, error, body) in [
        ("length", 200, None, "hello"),
        ("length_streamed", 200, None, "hello"),
        ("length_discarded", 200, None, none),
        ("chunked", 200, None, "Wikipedia"),
        ("chunked_badly", 200, Some(ErrorKind::Body), "Wiki"),
        ("informational", 204, None, none),
        ("lengths_differ", 0, Some(ErrorKind::Protocol), none),
        ("headers_many", 0, Some(ErrorKind::TooLarge), none),
        ("cut_off", 200, Some(ErrorKind::Body), "hello"),
        ("gzip", 200, None, hello),
        ("gzip_streamed", 200, None, hello),
        ("deflate", 200, None, hello),
        ("folded", 200, None, "ok"),
        ("folded_streamed", 200, None, "ok"),
    ] {
        assert_eq!(play(name), (status, error, body.to_owned()), "{name}");
    }
    assert_eq!(play("gzip_bomb").1, Some(ErrorKind::TooLarge));
    assert_eq!(play("br_streamed"), (200, None, format!("{hello}\n")));
}

#[test]
fn the_corpus_and_its_mutations_break_no_rule() {
    let corpus = corpus();
    assert!(corpus.len() > 20, "{} inputs", corpus.len());
    corpus.iter().for_each(|input| run(input));
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let mut random = StdRng::seed_from_u64(number("PROPTEST_RNG_SEED").unwrap_or(1));
    for _ in 0..number("MUTATIONS").unwrap_or(MUTATIONS) {
        let input = mutated(&corpus, &mut random);
        if let Err(panic) = std::panic::catch_unwind(|| run(&input)) {
            eprintln!("it was {:?}", input.escape_ascii().to_string());
            std::panic::resume_unwind(panic);
        }
    }
}

/// One of the corpus with some bytes changed, lost, doubled, or from another one.
fn mutated(corpus: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut input = corpus[random.random_range(0..corpus.len())].clone();
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..input.len().max(1));
        let end = (at + random.random_range(1..20)).min(input.len());
        match random.random_range(0..6) {
            0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
            1 if at < input.len() => input[at] = random.next_u32() as u8,
            2 => drop(input.drain(at.min(end)..end)),
            3 => {
                let part = input[at.min(end)..end].to_vec();
                input.splice(at.min(end)..at.min(end), part);
            }
            4 => {
                let other = &corpus[random.random_range(0..corpus.len())];
                let from = random.random_range(0..other.len().max(1));
                input.truncate(at);
                input.extend_from_slice(&other[from.min(other.len())..]);
            }
            _ => input.insert(at.min(input.len()), b"\r\n\0: ;,=\"9"[random.random_range(0..10)]),
        }
    }
    input
}

/// The rules are there: an answer that depends on its cut would be seen.
#[test]
fn pieces_are_all_of_the_bytes() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    assert_eq!(pieces(&bytes, 0), [&bytes[..]]);
    for cut in 1..=255 {
        let pieces = pieces(&bytes, cut);
        assert!(pieces.len() > 5 && pieces.concat() == bytes, "{cut}");
    }
}
