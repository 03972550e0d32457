//! SIGINT and SIGTERM: the end of the process while it prepares, messages for the
//! conductor once it runs. Used by `app`.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::exit::Exit;

pub(super) struct Signals {
    receiver: Receiver<()>,
    running: Arc<AtomicBool>,
}

impl Signals {
    /// Until [`Signals::hand_over`] the first signal ends the process: nothing is recorded yet,
    /// and a script or a question may take its time.
    pub(super) fn listen() -> Signals {
        let (sender, receiver) = unbounded();
        let running = Arc::new(AtomicBool::new(false));
        let seen = running.clone();
        let listener =
            std::thread::Builder::new().name("signals".into()).spawn(move || follow(&sender, &seen));
        // Without a listener the system's own way of ending on a signal stays.
        drop(listener);
        Signals { receiver, running }
    }

    /// From now on one message for each signal. The first ends the run gracefully, the second at
    /// once, and a third ends the process, whatever it hangs in.
    pub(super) fn hand_over(self) -> Receiver<()> {
        self.running.store(true, Ordering::SeqCst);
        self.receiver
    }
}

fn follow(sender: &Sender<()>, running: &AtomicBool) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        else {
            return;
        };
        for count in 1.. {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                // The terminal is gone: the results are wanted all the same.
                _ = hangup.recv() => {}
            }
            if !running.load(Ordering::SeqCst) {
                let _ = writeln!(std::io::stderr(), "stopped by a signal before the run began");
                std::process::exit(Exit::Signal.code().into());
            }
            if sender.send(()).is_err() || count > 2 {
                std::process::exit(Exit::Signal.code().into());
            }
        }
    });
}
