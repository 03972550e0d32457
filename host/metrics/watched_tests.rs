//! Of `watched`: which samples are kept apart, and that they add up.

use proptest::prelude::*;

use super::*;
use crate::metrics::Metric;

fn selectors(texts: &[(&str, Kind)]) -> Vec<(Selector, Kind)> {
    texts.iter().map(|(text, kind)| (Selector::parse(text).unwrap(), *kind)).collect()
}

fn request(recorder: &mut Recorder, name: &str, tag: Option<&str>, status: u16) {
    let key = recorder.key("GET", name);
    recorder.clear_tags();
    tag.iter().for_each(|kind| recorder.tag("kind", kind));
    let tags = tag.map_or(TagSet::NONE, |_| recorder.tag_set());
    let phases = Phases { duration: Duration::from_millis(u64::from(status)), ..Phases::default() };
    recorder.sample(&Sample {
        scene: Scene { class: "U", ..Scene::NONE },
        key,
        tags,
        url: &|| format!("http://a.test{name}"),
        status,
        error_code: 0,
        error: None,
        failed: status >= 400,
        phases,
        sent_bytes: 1,
        received_bytes: 2,
    });
}

#[test]
fn requests_are_kept_apart_by_their_tags() {
    let asked = selectors(&[
        ("http_reqs", Kind::Counter),
        ("http_reqs{name:/a}", Kind::Counter),
        ("http_reqs{name:GET /a}", Kind::Counter),
        ("http_reqs{name:/a,status:404}", Kind::Counter),
        ("http_reqs{url:http://a.test/b}", Kind::Counter),
        ("http_reqs{kind:x}", Kind::Counter),
        ("http_reqs{kind:x,class:V}", Kind::Counter),
        ("http_req_failed{expected_response:false}", Kind::Rate),
        ("http_req_duration{method:GET}", Kind::Trend),
    ]);
    let mut recorder = Recorder::watching(&asked);
    assert!(recorder.watches_requests() && recorder.watches_tags() && !recorder.watches_checks());
    request(&mut recorder, "/a", Some("x"), 200);
    request(&mut recorder, "/a", None, 404);
    request(&mut recorder, "/b", Some("y"), 200);
    let watched = recorder.take().watched;
    let count = |number: u32| watched.get(&number).map_or(0, Measure::count);
    assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(count), [3, 2, 2, 1, 1, 1, 0, 1, 3]);
    let Measure::Trend(durations) = &watched[&8] else { panic!() };
    assert_eq!((durations.min, durations.max), (200.0, 404.0));
    assert!(recorder.take().watched.is_empty(), "each is handed over once");
    assert!(!Recorder::new().watches_requests());
    assert!(!Recorder::watching(&asked[..1]).watches_tags(), "nobody asks for a script's own tags");
}

/// Ours before those of a script, those of a sample before those of its scenario.
#[test]
fn a_tag_has_one_value() {
    let asked = selectors(&[
        ("http_reqs{name:/a}", Kind::Counter),
        ("http_reqs{name:boo}", Kind::Counter),
        ("http_reqs{scenario:fake}", Kind::Counter),
        ("http_reqs{kind:x}", Kind::Counter),
        ("http_reqs{kind:of the scenario}", Kind::Counter),
        ("checks{check:holds}", Kind::Rate),
        ("dropped_iterations{kind:of the scenario}", Kind::Counter),
        ("arrival_lateness{kind:of the scenario}", Kind::Trend),
    ]);
    let mut recorder = Recorder::watching(&asked);
    recorder.clear_tags();
    for (name, value) in
        [("name", "boo"), ("scenario", "fake"), ("check", "boo"), ("kind", "of the scenario")]
    {
        recorder.tag(name, value);
    }
    let given = recorder.tag_set();
    let scene = Scene { scenario: "s", tags: given, ..Scene::NONE };
    recorder.clear_tags();
    recorder.tag("kind", "x");
    let own = recorder.tag_set();
    let key = recorder.key("GET", "/a");
    recorder.sample(&Sample {
        scene,
        key,
        tags: own,
        url: &String::new,
        status: 200,
        error_code: 0,
        error: None,
        failed: false,
        phases: Phases::default(),
        sent_bytes: 0,
        received_bytes: 0,
    });
    recorder.sample_check(scene, "holds", true);
    recorder.drop_iterations("s", given, 1);
    recorder.arrive("s", given, Duration::from_millis(1));
    let watched = recorder.take().watched;
    let counted: Vec<u64> =
        (0..8).map(|number: u32| watched.get(&number).map_or(0, Measure::count)).collect();
    assert_eq!(counted, [1, 0, 0, 1, 0, 1, 1, 1]);
}

#[test]
fn more_tags_than_fit_are_one_set() {
    let mut recorder = Recorder::watching(&selectors(&[("http_reqs{other:other}", Kind::Counter)]));
    for number in 0..LIMIT {
        recorder.clear_tags();
        recorder.tag("id", &number.to_string());
        recorder.tag_set();
    }
    request(&mut recorder, "/a", Some("new"), 200);
    request(&mut recorder, "/a", Some("newer"), 200);
    let snapshot = recorder.take();
    assert_eq!(snapshot.watched[&0].count(), 2);
    let overflow = snapshot.overflow.unwrap();
    assert_eq!((overflow.kind, overflow.name.as_str()), (OverflowKind::Tags, "{kind=new}"));
}

proptest! {
    /// However samples are split over workers and seconds, what was kept apart adds up to the same.
    #[test]
    fn merging_is_exact(samples in prop::collection::vec((0u8..3, prop::option::of(0u8..2), 100u16..500, -9e9f64..9e9), 0..120),
        workers in 1usize..4, cut in 0usize..120) {
        let asked = selectors(&[
            ("http_req_duration{name:/1}", Kind::Trend),
            ("http_reqs{kind:0}", Kind::Counter),
            ("own{kind:1}", Kind::Gauge),
            ("own", Kind::Gauge),
        ]);
        let measured = |workers: usize, cut: usize| {
            let mut recorders: Vec<_> = (0..workers).map(|_| Recorder::watching(&asked)).collect();
            let mut totals = Snapshot::default();
            for (index, (name, tag, status, value)) in samples.iter().enumerate() {
                let recorder = &mut recorders[index % workers];
                let tag = tag.map(|tag| tag.to_string());
                request(recorder, &format!("/{name}"), tag.as_deref(), *status);
                let own: Metric = recorder.metric(Kind::Gauge, "own", "").unwrap();
                recorder.clear_tags();
                tag.iter().for_each(|kind| recorder.tag("kind", kind));
                recorder.add(own, *value, index as u64, Scene::NONE);
                if index == cut {
                    recorders.iter_mut().for_each(|recorder| totals.merge(&recorder.take()));
                }
            }
            recorders.iter_mut().for_each(|recorder| totals.merge(&recorder.take()));
            totals.watched
        };
        prop_assert_eq!(measured(workers, cut), measured(1, 1000));
    }
}
