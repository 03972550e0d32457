//! Of `health`: who is believed, and who is not.

use proptest::prelude::*;

use super::*;
use crate::metrics::{Call, Recorder};

/// A second in which the thread ran and waited for so many ms, and was late by so many.
fn pulse(ran: u64, waited: u64, late: u64) -> Pulse {
    let ms = Duration::from_millis;
    let (late, cpu) = (ms(late), Some((ms(ran), ms(waited))));
    Pulse { lasted: ms(1000), late, latest: late * 2, cpu, stalled: Duration::ZERO, exhausted: 0, stunted: 0 }
}

/// So many requests that took so many ms each.
fn requests(count: u64, ms: u64) -> Entry {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/");
    for _ in 0..count {
        recorder.call(key, &Call { latency: Duration::from_millis(ms), bytes: 0, at: 1, failure: None });
    }
    recorder.take().total
}

/// What is said after ten such seconds.
fn judged(pulse: Pulse, measured: &Entry) -> (bool, Vec<String>) {
    let mut health = Health::default();
    let mut warnings = 0;
    for second in 1..=10 {
        warnings += usize::from(health.hear(&pulse, measured, Duration::from_secs(second)).is_some());
    }
    assert!(warnings <= 1, "a warning is not repeated each second");
    (warnings == 1, health.reasons())
}

#[test]
fn who_waits_for_memory_is_not_believed() {
    let short = Pulse { stalled: Duration::from_millis(300), ..pulse(5, 1, 0) };
    let (is_warned, reasons) = judged(short, &requests(10, 50));
    assert!(is_warned);
    assert!(reasons[0].contains("stood still for want of memory (up to 30 %)"), "{reasons:?}");
    let fine = Pulse { stalled: Duration::from_millis(100), ..pulse(5, 1, 0) };
    assert_eq!(judged(fine, &requests(10, 50)), (false, vec![]));
}

#[test]
fn a_slow_server_is_not_the_generators_fault() {
    assert_eq!(judged(pulse(5, 1, 0), &requests(10, 5000)), (false, vec![]));
    // Also where the machine has much else to do.
    assert_eq!(judged(pulse(5, 60, 15), &requests(10, 5000)), (false, vec![]));
    assert_eq!(
        judged(pulse(5, 60, 90), &requests(10, 5000)),
        (false, vec![]),
        "what is late is not seen in it"
    );
}

#[test]
fn a_light_load_on_a_noisy_machine_is_believed() {
    // Waits for its turn again and again, but idles most of the time.
    assert_eq!(judged(pulse(20, 450, 6), &requests(50, 3)), (false, vec![]));
    // At full speed, with two thirds of a core.
    assert_eq!(judged(pulse(660, 330, 8), &requests(5000, 10)), (false, vec![]));
}

#[test]
fn a_starved_generator_is_not_believed() {
    let (warned, reasons) = judged(pulse(480, 515, 3), &requests(5000, 2));
    assert!(warned && reasons.len() == 1 && reasons[0].contains("100 % of the requests"), "{reasons:?}");
    let (warned, reasons) = judged(pulse(30, 600, 120), &requests(50, 150));
    assert!(warned && reasons[0].contains("late (by up to 240 ms)"), "{reasons:?}");
    // One that hardly runs tells seldom: what it tells is about all that time.
    let mut health = Health::default();
    let rare = Pulse { lasted: Duration::from_secs(6), ..pulse(10, 5900, 1500) };
    health.hear(&rare, &requests(19, 5000), Duration::from_secs(6));
    assert_eq!(health.reasons().len(), 1);
    // Nothing was measured that could be wrong.
    assert_eq!(judged(pulse(480, 515, 300), &requests(0, 1)).1, Vec::<String>::new());
}

#[test]
fn a_thread_at_its_end_is_told_but_believed() {
    assert_eq!(judged(pulse(990, 5, 2), &requests(9000, 5)), (true, vec![]));
    // Until it is late by as much as the times that it measures.
    assert_eq!(judged(pulse(990, 5, 75), &requests(9000, 80)).1.len(), 1);
}

#[test]
fn a_bad_moment_spoils_no_long_run() {
    let mut health = Health::default();
    for second in 0..60 {
        let ill = second < 6;
        let pulse = if ill { pulse(400, 590, 100) } else { pulse(300, 10, 0) };
        health.hear(&pulse, &requests(100, 5), Duration::from_secs(second));
    }
    assert_eq!(health.reasons(), Vec::<String>::new());
    let told = health.told();
    assert!((told.affected - 0.1).abs() < 1e-9 && told.late == Duration::from_millis(10), "{told:?}");
    health.reset();
    assert_eq!(health.told(), Told::default());
}

#[test]
fn many_workers_make_no_long_run() {
    let mut health = Health::default();
    for report in 0..16u64 {
        health.hear(&pulse(100, 880, 50), &requests(100, 5), Duration::from_millis(990 + 2 * report));
    }
    assert_eq!(health.reasons(), Vec::<String>::new());
}

#[test]
fn no_room_for_connections_is_told() {
    let mut health = Health::default();
    let full = Pulse { exhausted: 7, ..pulse(10, 0, 0) };
    let warning = health.hear(&full, &requests(100, 1), Duration::from_secs(1)).unwrap();
    assert!(warning.contains("no room for 7 connections"), "{warning}");
    assert_eq!(health.reasons().len(), 1);
    for second in 2..20 {
        health.hear(&pulse(10, 0, 0), &requests(100, 1), Duration::from_secs(second));
    }
    assert_eq!(health.reasons(), Vec::<String>::new(), "of many requests few failed so");
}

proptest! {
    /// Where half of each second was idle and nothing came late, no load is doubted.
    #[test]
    fn an_idle_generator_is_believed(ran in 0u64..250, waited in 0u64..250, late in 0u64..20,
        count in 0u64..20, ms in 1u64..100, seconds in 1u64..40) {
        let mut health = Health::default();
        for second in 0..seconds {
            let warning = health.hear(&pulse(ran, waited, late), &requests(count, ms), Duration::from_secs(second));
            prop_assert_eq!(warning, None);
        }
        prop_assert_eq!(health.reasons(), Vec::<String>::new());
    }
}
