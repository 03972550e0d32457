//! What keeps a process from a run, and how it is told.

use super::nats::Nats;
use super::party::{ASK, Party, end};
use crate::support::project::Project;

#[test]
fn no_nats_and_no_jetstream_are_told() {
    let project = Project::new(&[("s.lua", ASK)]);
    let line = "-f s.lua -H http://localhost:1 --run r --segments 2";
    let refused =
        |more: &str, fragments: &[&str]| drop(project.run(&format!("{line} {more}")).refused(104, fragments));
    project.run(&format!("{line} --nats nats://127.0.0.1:1 --wait 1s")).code(104).told(&[
        "waiting for NATS",
        "there is no NATS at nats://127.0.0.1:1",
        "nats-server --jetstream",
    ]);
    project.run("follow --nats nats://127.0.0.1:1 --run r").refused(104, &["there is no NATS"]);
    let Some(nats) = Nats::start_at("127.0.0.1", false) else { return };
    refused(&format!("--nats {}", nats.url()), &["JetStream is off"]);
    let Some(nats) = Nats::start() else { return };
    project
        .run(&format!("follow --nats {} --run other", nats.url()))
        .refused(104, &["there is no run `other`"]);
    project
        .run(&format!("{line} --nats {} --watch", nats.url()))
        .refused(2, &["--nats cannot be used with --watch"]);
}

#[test]
fn a_name_and_a_password_are_told_to_nats() {
    let Some(nats) = Nats::start_for("u", "a@b") else { return };
    let project = Project::new(&[("s.lua", ASK)]);
    let host = nats.url().replace("nats://", "");
    let run = |login: &str, more: &str| {
        let line = format!("--nats nats://{login}@{host} --run r");
        project.run(&format!("{more} {line}"))
    };
    run("u:a%40b", "follow").refused(104, &["there is no run `r`"]);
    run("u:other", "follow").refused(104, &["lets nobody in"]);
    run("u:a%40b", "-f s.lua -H http://localhost:1 --segments 2 --wait 1s").code(104).told(&["only 1 of 2"]);
}

#[test]
fn other_scripts_other_plans_and_taken_segments_are_refused() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut first = party.start(0, "-u 2 -r 100 -t 2s");
    first.until_told("1 of 2");
    let other = Project::new(&[("s.lua", &format!("{ASK}\n-- changed"))]);
    other
        .run(&format!("{} -u 2 -r 100 -t 2s", party.line()))
        .refused(104, &["the scripts here are not those of run `r`", "--run ID"]);
    let run = |more: &str| party.project.run(&format!("{} {more}", party.line()));
    run("-u 3 -r 100 -t 2s").refused(104, &["`users` is 3 here, and 2 in run `r`"]);
    run("-u 2 -r 100 -t 2s --seed 5").refused(104, &["`seed` is 5 here"]);
    run("-u 2 -r 100 -t 2s --segment 0/2").refused(104, &["segment 0/2 of run `r` is played by"]);
    let second = party.start(1, "-u 2 -r 100 -t 2s");
    end(vec![first, second]).into_iter().for_each(|ended| drop(ended.code(0)));
    run("-u 2 -r 100 -t 2s").refused(104, &["run `r` is over", "a name of its own"]);
}

#[test]
fn nobody_waits_for_ever() {
    let Some(party) = Party::of(3, ASK) else { return };
    let mut first = party.start(0, "-u 2 -r 100 -t 2s --wait 3s");
    first.until_told("1 of 3");
    let second = party.start(1, "-u 2 -r 100 -t 2s --wait 3s");
    for ended in end(vec![first, second]) {
        ended.code(104).told(&["only 2 of 3 processes of run `r` came within 3s"]);
    }
    assert_eq!(party.answered(), 0);
}

#[test]
fn a_setup_that_fails_ends_the_run_for_all() {
    let script =
        "setup(function() error('no luck') end)\nlocal U = User:extend('U', {})\nU:task('t', function() end)";
    let Some(party) = Party::of(2, script) else { return };
    for ended in end(party.start_all("-u 2 -r 100 -t 30s")) {
        ended.code(107).told(&["no luck"]);
    }
}
