//! Tests of `csv`.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::event::Summary;
use crate::metrics::{Call, Exception, Recorder};
use crate::report::sample::{self, START};

fn view(totals: &Snapshot) -> View<'_> {
    let (since, at) = (sample::at(0.5), sample::at(3.0));
    View { totals, span: Span::of(totals, since, at), at, users: 4 }
}

#[test]
fn the_statistics_of_locust() {
    let head = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
                Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,\
                50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n";
    let values = "3,1,2,5.25,0.75,12.5,11.0,1.2,0.4,2,2,12,12,12,12,12,12,12,12,12\r\n";
    assert_eq!(stats(&view(&sample::tiny().totals)), format!("{head}GET,/a,{values},Aggregated,{values}"));
    let none = "N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n";
    assert_eq!(
        stats(&view(&Snapshot::default())),
        format!("{head},Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,{none}")
    );
}

#[test]
fn rows_go_by_name_then_method() {
    let mut recorder = Recorder::new();
    for (method, name) in [("PUT", "/b"), ("GET", "/b"), ("POST", "/a, \"b\"")] {
        let key = recorder.key(method, name);
        recorder.call(key, &Call { latency: Duration::from_millis(1), bytes: 0, at: START, failure: None });
    }
    let text = stats(&view(&recorder.take()));
    let starts: Vec<_> = text.lines().skip(1).map(|line| &line[..line.find(",1,0,").unwrap_or(11)]).collect();
    assert_eq!(starts, ["POST,\"/a, \"\"b\"\"\"", "GET,/b", "PUT,/b", ",Aggregated"]);
}

#[test]
fn the_failures_of_locust() {
    assert_eq!(
        failures(&sample::tiny().totals),
        "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n\
         GET,/a,\"status 500, not \"\"200\"\"\",1,2023-11-14T22:13:21Z,2023-11-14T22:13:21Z\r\n"
    );
}

#[test]
fn the_exceptions_of_locust() {
    let mut recorder = Recorder::new();
    for at in [START, START + 1] {
        recorder.exception(&Exception { message: "boom", traceback: "a\nb", class: "U", task: "t", at });
    }
    assert_eq!(exceptions(&recorder.take()), "Count,Message,Traceback,Nodes\r\n2,boom,\"a\nb\",local\r\n");
}

#[test]
fn history_rates_are_current_and_have_six_decimals() {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/a");
    for second in [1, 4, 7, 13] {
        let call = Call { latency: Duration::from_millis(20), bytes: 5, at: START + second, failure: None };
        recorder.call(key, &call);
    }
    let totals = recorder.take();
    let (since, at) = (sample::at(0.0), sample::at(14.25));
    let view = View { totals: &totals, span: Span::of(&totals, since, at), at, users: 4 };
    let values = "0.300000,0.000000,20,20,20,20,20,20,20,20,20,20,20,4,0,20,20.0,20.0,20.0,5.0\r\n";
    assert_eq!(history(&view, false), format!("1700000014,4,,Aggregated,{values}"));
    assert_eq!(
        history(&view, true),
        format!("1700000014,4,GET,/a,{values}1700000014,4,,Aggregated,{values}")
    );
}

#[test]
fn the_history_ends_where_the_statistics_do() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut csv = Csv::prepare(&dir.path().join("run"), false).expect("the folder is writable");
    let info = sample::info();
    csv.on(&Event::Started(Arc::new(info))).expect("the folder is writable");
    let at_start = fs::read_to_string(dir.path().join("run_stats.csv"))?;
    assert!(at_start.contains("N/A"), "the files of an earlier run do not stay");
    csv.on(&Event::Done(Arc::new(sample::tiny()))).expect("the folder is writable");
    assert_eq!(
        fs::read_to_string(dir.path().join("run_stats_history.csv"))?,
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,\
         Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
         Total Min Response Time,Total Max Response Time,Total Average Content Size\r\n\
         1700000003,0,,Aggregated,0.000000,0.000000,2,2,12,12,12,12,12,12,12,12,12,3,1,2,5.25,0.75,12.5,11.0\r\n"
    );
    Ok(())
}

/// A run that ends within the second of its last tick has one row for it, whose numbers are the final ones.
#[test]
fn no_second_stands_twice_in_the_history() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    for (ended, rows) in [(9.5, 2), (10.0, 3)] {
        let mut csv = Csv::prepare(&dir.path().join("run"), false).expect("the folder is writable");
        let mut events = sample::events();
        let Some(Event::Done(summary)) = events.pop() else { panic!("the last is the summary") };
        let done = Event::Done(Arc::new(Summary { ended_at: sample::at(ended), ..(*summary).clone() }));
        events.iter().chain([&done]).for_each(|event| csv.on(event).expect("the folder is writable"));
        let history = fs::read_to_string(dir.path().join("run_stats_history.csv"))?;
        let history: Vec<Vec<&str>> = history.lines().skip(1).map(|row| row.split(',').collect()).collect();
        assert_eq!(history.len(), rows, "{history:?}");
        assert_eq!(history[rows - 1][17], sample::REQUESTS.to_string());
        // Users that are gone by then were there in that second.
        assert_eq!(history[rows - 1][1] == "0", rows == 3, "{history:?}");
    }
    Ok(())
}

#[test]
fn floats_are_those_of_python() {
    for (value, shown) in
        [(0.0, "0.0"), (12.3456, "12.3456"), (1e16, "1e+16"), (0.0001, "0.0001"), (1.5e-5, "1.5e-05")]
    {
        assert_eq!(float(value), shown);
    }
}
