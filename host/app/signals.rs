//! SIGINT and SIGTERM, as messages for the conductor.

use crossbeam_channel::{Receiver, unbounded};

/// One message for each signal. The first ends the run gracefully, the second at once, and a
/// third ends the process, whatever it hangs in.
pub(super) fn listen() -> Receiver<()> {
    let (sender, receiver) = unbounded();
    let listener = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            for count in 1.. {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if sender.send(()).is_err() || count > 2 {
                    std::process::exit(crate::exit::Exit::Signal.code().into());
                }
            }
        });
    });
    // Without a listener the system's own way of ending on a signal stays.
    drop(listener);
    receiver
}
