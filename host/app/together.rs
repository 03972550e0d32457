//! A run that several processes make, in one of them: joining, the process's own part, merging while it leads, the
//! verdict. Called by `app`.

use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded, never};

use crate::cluster::{Call, Ruling, Session};
use crate::config::{Meeting, Plan};
use crate::event::{Event, Judgement, LogLine, RunInfo, Stop, Summary, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Segment;
use crate::mask;
use crate::report::{Options, Outputs, masked};
use crate::run::{Begin, Conductor, Head, Merged, News, Opening, Outgoing, Peers, Setup, conduct, merge};

use super::execution::{Execution, prepare_outputs};
use super::gathering::{Gathered, gather, identity, say_leader, whole};
use super::prepare::Prepared;
use super::replacement::replacement;
use super::{signals, tell};

/// How long a process that goes waits for the others' last words before it gives the lease back.
const FAREWELL: Duration = Duration::from_millis(1500);

/// Between two looks while a process goes.
const LOOK: Duration = Duration::from_millis(300);

/// What the tasks of the process share.
struct Part {
    session: Arc<Session>,
    meeting: Meeting,
    setup: Arc<Setup>,
    info: RunInfo,
    options: Options,
    plan: Plan,
    baseline: Option<crate::metrics::Baseline>,
    /// The outputs as they were prepared before the run, for the first time that this process leads.
    outputs: Option<Outputs>,
    wishes: Sender<Wish>,
}

/// The exit code of the run, or of this process where it goes before the run is over.
pub(super) fn start(
    mut prepared: Prepared,
    meeting: Meeting,
    variables: &crate::config::Surroundings,
    signals: signals::Signals,
) -> Result<u8, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let session = Session::join(&meeting, identity(&prepared.plan, &meeting)).map_err(one)?;
    let segment = Segment::new(session.voice.segment, meeting.segments).unwrap_or(Segment::WHOLE);
    prepared.plan.seed = session.seed;
    prepared.plan.together.segment = segment;
    let plan = prepared.plan.clone();
    let Execution { setup, info, outputs, options, baseline, demo, .. } = Execution::of(prepared, variables)?;
    if let Some(begun) = &session.begun {
        setup.go_on_from(begun);
    }
    let again = if session.voice.epoch > 1 { ", in place of one that was lost" } else { "" };
    tell(&format!("run {}: this is process {segment}, {}{again}", meeting.run, session.who));
    let session = Arc::new(session);
    let begin = gather(&session, &meeting, &info);
    let keys = super::Keys::listen(signals.sender());
    let wishes = signals.sender();
    let part = Part {
        session,
        meeting,
        setup: Arc::new(setup),
        info,
        options,
        plan,
        baseline,
        outputs: Some(outputs),
        wishes,
    };
    let code = match begin {
        Gathered::Begin(begin) => part.play(begin, signals.hand_over()),
        Gathered::Over(ruling) => {
            part.say_verdict(&ruling);
            ruling.code()
        }
    };
    drop((demo, keys));
    Ok(code)
}

impl Part {
    /// This process's part in the run, to the end.
    fn play(mut self, begin: Begin, signals: Receiver<Wish>) -> u8 {
        let mut opened = match &begin {
            Begin::At(opening) => Some(Ok(opening.clone())),
            Begin::Cancelled(stop) => Some(Err(stop.clone())),
            Begin::Lead(_) => None,
        };
        let mut head = self.session.leads().then(|| self.merge(opened.clone()));
        let conducted = self.conduct(begin, signals);
        let (mut left, mut resigns_at): (bool, Option<Instant>) = (false, None);
        let calls = self.session.calls.clone();
        let mut ruled: Option<Box<Ruling>> = None;
        // By this process itself, with all its outputs.
        let mut told: Option<Arc<Summary>> = None;
        while ruled.is_none() {
            let merged = head.as_ref().map_or_else(never, |head| head.merged.clone());
            let users = if left { never() } else { conducted.clone() };
            crossbeam_channel::select! {
                recv(calls) -> call => match call {
                    Ok(Call::Lead) => head = Some(self.merge(opened.clone())),
                    Ok(Call::Leader(segment, who)) => say_leader(&self.meeting, segment, &who),
                    Ok(Call::Start(start)) => {
                        let now = self.session.begins(&start);
                        if let Some(head) = &head {
                            head.open(&now);
                        }
                        opened = Some(now);
                    }
                    Ok(Call::Replaced(who)) => {
                        tell(&format!("run {}: {who} plays this segment by now", self.meeting.run));
                        let _ = self.wishes.send(Wish::Replaced);
                    }
                    Ok(Call::Verdict(ruling)) => ruled = Some(ruling),
                    Err(_) => break,
                },
                recv(merged) -> merged => {
                    head = None;
                    match merged {
                        Ok((Merged::Over(summary), faults)) => {
                            self.session.rule(&ruling_of(&summary, &faults));
                            told = Some(summary);
                        }
                        Ok((Merged::SteppedDown, _)) | Err(_) if left => self.session.resign(),
                        Ok((Merged::SteppedDown, _)) | Err(_) => {
                            tell(&format!("run {}: another process merges the results by now", self.meeting.run));
                        }
                    }
                }
                // Its users are gone, and it does not wait for the verdict: it was told to go.
                recv(users) -> _ => {
                    left = true;
                    self.session.leave();
                    resigns_at = Some(Instant::now() + FAREWELL);
                }
                default(LOOK) => {}
            }
            if left && resigns_at.is_some_and(|at| Instant::now() >= at) {
                match &head {
                    Some(head) => drop(head.news.send(News::Resign(self.session.voice.segment))),
                    None if self.session.is_led_elsewhere() => {
                        tell(&format!("run {}: this process has left, the run goes on", self.meeting.run));
                        return Exit::Signal.code();
                    }
                    None => {}
                }
            }
        }
        if !left {
            let _ = conducted.recv();
        }
        match (&told, &self.baseline) {
            (Some(summary), Some(baseline)) => {
                super::report::print_comparison(baseline, &summary.totals, &self.options);
            }
            (Some(_), None) => {}
            (None, _) => ruled.iter().for_each(|ruling| self.say_verdict(ruling)),
        }
        ruled.map_or(Exit::Internal.code(), |ruling| ruling.code())
    }

    /// Starts this process's own users, in a thread. What is sent back: they are gone.
    fn conduct(&self, begin: Begin, signals: Receiver<Wish>) -> Receiver<()> {
        let session = &self.session;
        session.hear_orders(self.wishes.clone());
        let peers = Peers {
            voice: session.voice,
            mouth: session.mouth(),
            begin,
            leads: session.leadership(),
            closing: session.closing.clone(),
            number: 0,
        };
        let conductor =
            Conductor { setup: self.setup.clone(), info: self.info.clone(), signals, peers: Some(peers) };
        let (done, conducted) = bounded(1);
        let session = session.clone();
        let run = move || {
            conduct(conductor, &mut |event: &Event| {
                if let Event::Log(line) = event {
                    // Whoever merges shows what all have logged.
                    if !session.leads() {
                        tell_line(line);
                    }
                    let _ = session.mouth().send(Outgoing::Log(line.clone()));
                }
            });
            let _ = done.send(());
        };
        let thread = std::thread::Builder::new().name("conductor".into()).spawn(run);
        if thread.is_err() {
            tell("error: cannot start the thread of the conductor");
        }
        conducted
    }

    /// Begins to merge what all say, in a thread.
    fn merge(&mut self, opened: Option<Result<Opening, Stop>>) -> Merging {
        let (news, heard) = self.session.hear_all();
        let (done, merged) = bounded(1);
        // That they spare what the run reads was seen when this process prepared its own.
        let anew = || prepare_outputs(&self.plan, &self.options, &[]);
        let outputs = self.outputs.take().map_or_else(anew, Ok);
        let mut outputs = match outputs {
            Ok(outputs) => outputs,
            Err(fault) => {
                super::print_fault(&fault);
                // It leads nevertheless: a verdict without files is better than none.
                let plain = Options { width: self.options.width, ..Options::default() };
                match Outputs::prepare(&plain, crate::report::Writers::standard()) {
                    Ok(outputs) => outputs,
                    Err(_) => {
                        let _ = done.send((Merged::SteppedDown, Vec::new()));
                        return Merging { news, merged };
                    }
                }
            }
        };
        let info = whole(&self.info, &self.meeting);
        let mut children: Vec<Child> = Vec::new();
        let count = self.meeting.segments;
        let head = Head {
            setup: self.setup.clone(),
            info,
            news: heard,
            mouth: self.session.mouth(),
            on_loss: self.meeting.on_loss,
            replace: Box::new(move |segment| match replacement(segment, count) {
                Some(child) => {
                    children.push(child);
                    true
                }
                None => false,
            }),
        };
        let session = self.session.clone();
        let run = move || {
            let mut since: Option<SystemTime> = None;
            let merged = merge(head, &mut |event: &Event| {
                outputs.on(event);
                let now = match event {
                    Event::Tick(tick) => Some(tick.since),
                    Event::Done(summary) => Some(summary.since),
                    _ => None,
                };
                // Whoever looks on knows no secrets that it could hide.
                session.tell(&masked(event), now.is_some() && now != since);
                since = now.or(since);
            });
            let _ = done.send((merged, outputs.finish()));
        };
        // Without a thread nobody answers: another process leads as soon as this one gives up.
        drop(std::thread::Builder::new().name("merger".into()).spawn(run));
        let merging = Merging { news, merged };
        if let Some(opened) = &opened {
            merging.open(opened);
        }
        merging
    }

    /// The whole of it stands where the run was merged.
    fn say_verdict(&self, ruling: &Ruling) {
        let (requests, failures) = ruling.counted;
        let judgement = match ruling.verdict.judgement {
            Judgement::Passed => "passed",
            Judgement::Failed => "failed",
            Judgement::Inconclusive => "is inconclusive",
        };
        let (run, code) = (&self.meeting.run, ruling.code());
        tell(&format!("run {run} {judgement}: {requests} requests, {failures} failed · exit {code}"));
        ruling.verdict.reasons.iter().for_each(|reason| tell(&format!("  {reason}")));
    }
}

/// A merger at work.
struct Merging {
    news: Sender<News>,
    merged: Receiver<(Merged, Vec<Fault>)>,
}

impl Merging {
    fn open(&self, opened: &Result<Opening, Stop>) {
        let _ = self.news.send(match opened {
            Ok(opening) => News::Opened(opening.clone()),
            Err(stop) => News::Cancelled(stop.clone()),
        });
    }
}

/// A result that could not be written counts, too.
fn ruling_of(summary: &Arc<Summary>, faults: &[Fault]) -> Ruling {
    faults.iter().for_each(super::print_fault);
    if let Stop::Fault(fault) = &summary.stop {
        super::print_fault(fault);
    }
    let exit = faults.iter().fold(summary.exit, |exit, fault| exit.worst(fault.exit));
    match &*masked(&Event::Done(summary.clone())) {
        Event::Done(summary) => Ruling { exit, ..Ruling::of(summary) },
        _ => Ruling { exit, ..Ruling::of(summary) },
    }
}

/// A line of the log of this process alone.
fn tell_line(line: &LogLine) {
    let at = jiff::Timestamp::try_from(line.at).unwrap_or_default().strftime("%H:%M:%SZ");
    let level = format!("{:?}", line.level).to_uppercase();
    tell(&mask::hide(&format!("{at} {level:<5} {}: {}", line.source, line.text)));
}
