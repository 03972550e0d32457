//! Data that other coders made, data that is broken, and there and back.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn encode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    coding.encode(bytes, &mut || Ok::<(), ()>(())).unwrap()
}

/// Decodes `bytes` in pieces of `size`.
fn decode(coding: Coding, bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let (mut decoder, mut out) = (Decoder::new(coding), Vec::new());
    for mut piece in bytes.chunks(size) {
        loop {
            let held = out.len();
            let stepped = decoder.step(piece, &mut out)?;
            assert!(out.len() - held <= 3 * STEP, "{coding:?} wrote {} at once", out.len() - held);
            piece = &piece[stepped.used..];
            if piece.is_empty() && !stepped.is_full {
                break;
            }
        }
    }
    decoder.end(&mut out)?;
    Ok(out)
}

#[test]
fn what_other_coders_made_is_decoded() {
    // Made by gzip, zlib, Google's brotli and zstd(1) from `Hello, world!\n`.
    for (coding, text) in [
        (Coding::Gzip, "H4sIAAAAAAACA/NIzcnJ11Eozy/KSVHkAgAYp1V7DgAAAA=="),
        (Coding::Deflate, "eJzzSM3JyddRKM8vyklR5AIAJPIElA=="),
        (Coding::Deflate, "80jNycnXUSjPL8pJUeQCAA=="),
        (Coding::Br, "iwaASGVsbG8sIHdvcmxkIQoD"),
        (Coding::Zstd, "KLUv/QRYcQAASGVsbG8sIHdvcmxkIQpX5TSF"),
    ] {
        let coded = STANDARD.decode(text).unwrap();
        for size in [1, 3, 1000] {
            assert_eq!(decode(coding, &coded, size).unwrap(), b"Hello, world!\n", "{coding:?} {size}");
        }
    }
}

#[test]
fn members_of_gzip_follow_each_other() {
    let (one, two) = (encode(Coding::Gzip, b"one, "), encode(Coding::Gzip, b"two"));
    let both = [one.as_slice(), &two].concat();
    let padded = [both.as_slice(), &[0; 20]].concat();
    for size in [1, 3, one.len(), 1000] {
        assert_eq!(decode(Coding::Gzip, &both, size).unwrap(), b"one, two", "{size}");
        assert_eq!(decode(Coding::Gzip, &padded, size).unwrap(), b"one, two", "{size}");
        assert!(decode(Coding::Gzip, &both[..both.len() - 1], size).is_err(), "{size}");
    }
    let mut wrong = both.clone();
    wrong[one.len() - 5] ^= 1;
    assert!(decode(Coding::Gzip, &wrong, 1000).is_err(), "the first member's checksum counts");
}

#[test]
fn broken_and_cut_data_is_told() {
    for coding in Coding::ALL {
        let text = "the quick brown fox jumps over the lazy dog ".repeat(50);
        let coded = encode(coding, text.as_bytes());
        for end in 1..coded.len() {
            assert!(decode(coding, &coded[..end], 7).is_err(), "{coding:?} cut at {end}");
        }
        assert!(decode(coding, b"no such data at all, whoever sent it", 10).is_err(), "{coding:?}");
    }
}

#[test]
fn names_of_headers() {
    assert_eq!(Coding::of(b" GZIP "), Some(Coding::Gzip));
    assert_eq!(Coding::of(b"x-gzip"), Some(Coding::Gzip));
    for other in ["", "identity", "gzip, br", "aws-chunked"] {
        assert_eq!(Coding::of(other.as_bytes()), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn there_and_back(
        part in prop::collection::vec(any::<u8>(), 0..200), times in 0usize..3000, size in 1usize..5000,
    ) {
        let whole = part.repeat(times);
        for coding in Coding::ALL {
            prop_assert!(decode(coding, &encode(coding, &whole), size).unwrap() == whole);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for coding in Coding::ALL {
            let _ = decode(coding, &bytes, 50);
        }
    }
}

#[test]
fn a_cut_trailer_of_gzip_is_cut_and_a_wrong_one_is_wrong() {
    let whole = encode(Coding::Gzip, b"Hello, world!");
    let end = |bytes: &[u8]| {
        let (mut decoder, mut out, mut rest) = (Decoder::new(Coding::Gzip), Vec::new(), bytes);
        while !rest.is_empty() {
            rest = &rest[decoder.step(rest, &mut out).unwrap().used..];
        }
        decoder.end(&mut out).map(|()| out)
    };
    assert_eq!(end(&whole), Ok(b"Hello, world!".to_vec()));
    for cut in 1..whole.len() {
        assert_eq!(end(&whole[..cut]).unwrap_err(), "the coded data ends early", "{cut}");
    }
    let mut wrong = whole;
    *wrong.last_mut().unwrap() ^= 1;
    assert!(end(&wrong).unwrap_err().contains("checksum"));
}
