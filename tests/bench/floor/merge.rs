//! What whoever merges a run does for each parcel of a process, once a second: decompress it, read it, add it up. Prints
//! the bytes of a parcel and the CPU time that it takes, as JSON. Run by the row `merge` of `make bench`.

use std::hint::black_box;
use std::time::Duration;

use e2e::cluster::{pack, unpack};
use e2e::metrics::{Call, Recorder, Snapshot};
use e2e::run::{Begun, Parcel, Voice};

/// Processes whose parcels are merged.
const PROCESSES: u64 = 10_000;

fn parcel(segment: u64, names: u64, requests: u64) -> Parcel {
    let mut recorder = Recorder::new();
    // The figures of a linear congruence are as good as any, and the same in each run.
    let mut random = segment.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for number in 0..requests {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = recorder.key("GET", &format!("/documents/{}", number % names));
        // From 1 ms to half a second, most of them short.
        let latency = Duration::from_micros(1000 + (random >> 44) % 1000 * ((random >> 34) % 500));
        recorder.call(key, &Call { latency, bytes: 400, at: 1_700_000_000, failure: None });
        recorder.iteration();
    }
    Parcel {
        voice: Voice { segment, epoch: 1 },
        number: 1,
        at: Duration::from_secs(1),
        generation: 0,
        users: vec![10],
        measured: recorder.take(),
        felt: Vec::new(),
        begun: Begun::default(),
        end: None,
        closed: false,
    }
}

/// How long this thread has run.
fn cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    Duration::from_nanos(told.split(' ').next().and_then(|ns| ns.parse().ok()).expect("it begins with it"))
}

fn main() {
    let mut lines = Vec::new();
    for (names, requests) in [(5, 50), (10, 200), (50, 1000)] {
        let packed: Vec<Vec<u8>> =
            (0..PROCESSES.min(2_000)).map(|segment| pack(&parcel(segment, names, requests))).collect();
        let bytes = packed.iter().map(Vec::len).sum::<usize>() / packed.len();
        let begun = cpu();
        let mut totals = Snapshot::default();
        for index in 0..PROCESSES {
            let parcel: Parcel = unpack(&packed[index as usize % packed.len()]).expect("it was packed here");
            totals.merge(&parcel.measured);
        }
        let micros = (cpu() - begun).as_secs_f64() * 1e6 / PROCESSES as f64;
        assert_eq!(black_box(&totals).total.requests, requests * PROCESSES);
        lines.push(format!(
            r#"{{"names": {names}, "requests": {requests}, "bytes": {bytes}, "micros": {micros:.1}}}"#
        ));
    }
    println!("[{}]", lines.join(", "));
}
