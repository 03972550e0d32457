//! SIGINT and SIGTERM: the end of the process while it prepares, messages for the
//! conductor once it runs. A run of `--watch` is asked by bytes on its standard input as well. Used by `app`.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::keys;
use crate::event::Wish;
use crate::exit::Exit;
use crate::report::leave_screen;

/// What `--watch` writes to ask a run to end: a person wants it, or a file has changed.
pub(super) const WANTED: u8 = b'w';
pub(super) const CHANGED: u8 = b'c';

pub(super) struct Signals {
    receiver: Receiver<Wish>,
    running: Arc<AtomicBool>,
    sender: Sender<Wish>,
}

impl Signals {
    /// Until [`Signals::hand_over`] the first signal ends the process: nothing is recorded yet,
    /// and a script or a question may take its time. `watched`: standard input asks, too.
    pub(super) fn listen(watched: bool) -> Signals {
        let (sender, receiver) = unbounded();
        let running = Arc::new(AtomicBool::new(false));
        let ears = Ears { sender: sender.clone(), running: running.clone(), count: Arc::default() };
        if watched {
            let ears = ears.clone();
            let watch = std::thread::Builder::new().name("watch".into());
            drop(watch.spawn(move || hear(&ears)));
        }
        let listener = std::thread::Builder::new().name("signals".into()).spawn(move || follow(&ears));
        // Without a listener the system's own way of ending on a signal stays.
        drop(listener);
        Signals { receiver, running, sender }
    }

    /// For what else is wanted of the run.
    pub(super) fn sender(&self) -> Sender<Wish> {
        self.sender.clone()
    }

    /// From now on one message for each signal. The first ends the run gracefully, the second at
    /// once, and a third ends the process, whatever it hangs in.
    pub(super) fn hand_over(self) -> Receiver<Wish> {
        self.running.store(true, Ordering::SeqCst);
        self.receiver
    }
}

#[derive(Clone)]
struct Ears {
    sender: Sender<Wish>,
    running: Arc<AtomicBool>,
    count: Arc<AtomicU32>,
}

impl Ears {
    /// One more signal, or something that counts as one.
    fn take(&self, wish: Wish) {
        if !self.running.load(Ordering::SeqCst) {
            if !matches!(wish, Wish::Changed) {
                let _ = writeln!(std::io::stderr(), "stopped by a signal before the run began");
            }
            std::process::exit(Exit::Signal.code().into());
        }
        let before = self.count.fetch_add(1, Ordering::SeqCst);
        if self.sender.send(wish).is_err() || before >= 2 {
            leave_screen();
            keys::restore();
            std::process::exit(Exit::Signal.code().into());
        }
    }
}

fn hear(ears: &Ears) {
    let mut byte = [0];
    while let Ok(1) = std::io::stdin().lock().read(&mut byte) {
        ears.take(if byte[0] == WANTED { Wish::Signal } else { Wish::Changed });
    }
    // Whoever watched is gone.
    ears.take(Wish::Signal);
}

fn follow(ears: &Ears) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        else {
            return;
        };
        loop {
            let wish = tokio::select! {
                _ = interrupt.recv() => Wish::Signal,
                _ = terminate.recv() => Wish::Terminated,
                // The terminal is gone: the results are wanted all the same.
                _ = hangup.recv() => Wish::Terminated,
            };
            ears.take(wish);
        }
    });
}
