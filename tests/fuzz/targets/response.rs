//! Answers of any bytes, cut anywhere, through all that reads them. Run by `make fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| e2e::net::trial::run(input));
