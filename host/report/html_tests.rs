//! The report as a page: whole, harmless, of bounded size, and by itself.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::event::Summary;
use crate::metrics::{Call, Exception, Group, Recorder};
use crate::report::page::{SCRIPT, STYLE};
use crate::report::sample;

/// What a script or a server may say.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \u{2028} <!--<script>";
/// 6 MB.
const MOST: usize = 6_000_000;

fn written(events: &[Event]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.html");
    let mut html = Html::new(Target::prepare(&path).unwrap());
    events.iter().for_each(|event| html.on(event).unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays behind");
    fs::read_to_string(path).unwrap()
}

/// The state within the page.
fn state(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"view\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_holds_the_run_and_loads_nothing() {
    let page = written(&sample::events());
    let state = state(&page);
    assert_eq!(state["now"]["requests"], sample::REQUESTS);
    assert_eq!(state["run"]["exit_code"], 1);
    assert!(page.len() < MOST, "{}", page.len());
    // The frame and our own parts name no place; plotly's names some, for maps that are never drawn.
    let charts = crate::report::page::charts();
    let own = page.replace(charts, "");
    assert!(own.len() + charts.len() == page.len());
    for link in ["http://", "https://", " src=", "<link", "@import", "url("] {
        let hosts = own.matches("http://127.0.0.1:4000").count();
        let found = own.matches(link).count() - if link == "http://" { hosts } else { 0 };
        assert_eq!(found, 0, "{link}");
    }
    // And nothing could be loaded if it were tried.
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    assert_eq!(page.matches("<script>").count(), 3);
    assert!(!page.contains("connect-src"));
}

#[test]
fn our_own_scripts_never_make_html_of_texts() {
    for word in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"]
    {
        assert!(!SCRIPT.contains(word), "{word}");
    }
    assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--") && !STYLE.contains("</style"));
    assert!(
        SCRIPT.contains("E2E.show =") && SCRIPT.contains("E2E.beat =") && SCRIPT.contains("E2E.compare =")
    );
}

fn hostile(names: usize, text: &str) -> Summary {
    let mut recorder = Recorder::new();
    for number in 0..names {
        let name = format!("{number} {text}");
        let key = recorder.key(text, &name);
        let failure = Some(name.as_str());
        let call = Call { latency: Duration::from_millis(1), bytes: 0, at: sample::START, failure };
        recorder.call(key, &call);
        recorder.check(Group::NONE, &name, false);
        recorder.exception(&Exception {
            message: &name,
            traceback: text,
            class: text,
            task: text,
            at: sample::START,
        });
    }
    Summary { notes: vec![text.to_owned()], ..sample::summary(recorder.take(), 0.0, 5.0) }
}

#[test]
fn whatever_scripts_and_servers_say_stays_text() {
    let mut info = sample::info();
    info.scripts = vec![HOSTILE.to_owned()];
    info.host = Some(HOSTILE.to_owned());
    let events = [Event::Started(Arc::new(info)), Event::Done(Arc::new(hostile(3, HOSTILE)))];
    let page = written(&events);
    // Scripts end where ours end, and nothing is an element that we did not write.
    assert_eq!(page.matches("</script").count(), 4);
    assert_eq!(page.matches("<script").count() - page.matches("<script>").count(), 1);
    assert!(!page.contains("<img src=x"));
    assert!(page.contains("<title>&lt;/script&gt;&lt;script&gt;"));
    // And arrives as it was.
    let state = state(&page);
    assert_eq!(state["run"]["host"], HOSTILE);
    assert_eq!(state["rows"][0]["name"], format!("0 {HOSTILE}"));
    assert_eq!(state["exceptions"][0]["traceback"], HOSTILE);
}

#[test]
fn the_largest_run_fits() {
    let text = "<".repeat(4000);
    let info = Event::Started(Arc::new(sample::info()));
    let page = written(&[info, Event::Done(Arc::new(hostile(1200, &text)))]);
    assert!(page.len() < MOST, "{}", page.len());
    let state = state(&page);
    assert_eq!(state["now"]["requests"], 1200);
    let (shown, left) =
        (state["rows"].as_array().unwrap().len(), state["left_out"]["rows"].as_u64().unwrap());
    assert!(shown > 0 && shown as u64 + left == 1200, "{shown} {left}");
}

#[test]
fn a_run_that_never_began_has_a_page() {
    let events = [
        Event::Started(Arc::new(sample::info())),
        Event::Done(Arc::new(sample::summary(Default::default(), 0.0, 0.0))),
    ];
    assert_eq!(state(&written(&events))["now"]["requests"], 0);
}
