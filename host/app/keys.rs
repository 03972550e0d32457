//! Keys on the terminal while a run goes on, as Locust has them: w and W for a user more, or ten, s and S
//! for less, p to pause and go on, q to stop. Used by `app`.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::Duration;

use crossbeam_channel::Sender;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp};

use crate::event::{Amount, Command, Wish};

/// How the terminal was before, where it was changed.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// How often it is looked at whether the terminal is this process's.
const LOOK: u16 = 200;

/// Keys are heard until this is dropped: the terminal is then as it was.
pub(super) struct Keys;

impl Keys {
    /// None where no person sits there.
    pub(super) fn listen(sender: Sender<Wish>) -> Option<Keys> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let thread = std::thread::Builder::new().name("keys".into());
        thread.spawn(move || hear(&sender)).ok().map(|_| Keys)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        restore();
    }
}

/// Makes the terminal as it was.
pub(super) fn restore() {
    // Whoever held it has panicked: what it holds is whole all the same.
    let mut before = BEFORE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(before) = before.take() {
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &before);
    }
}

/// Whether keys are meant for this process; reading them would stop it otherwise.
fn is_in_front() -> bool {
    tcgetpgrp(std::io::stdin()).is_ok_and(|front| front == getpgrp())
}

/// A key at a time, and not shown. Ctrl-C and Ctrl-Z stay what they are.
fn take_over() -> bool {
    let Ok(now) = tcgetattr(std::io::stdin()) else { return false };
    let mut raw = now.clone();
    raw.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
    raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    let mut before = BEFORE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    before.get_or_insert(now);
    tcsetattr(std::io::stdin(), SetArg::TCSANOW, &raw).is_ok()
}

fn hear(sender: &Sender<Wish>) {
    let mut is_ours = false;
    loop {
        if !is_in_front() {
            is_ours = false;
            std::thread::sleep(Duration::from_millis(LOOK.into()));
            continue;
        }
        if !is_ours && !take_over() {
            return;
        }
        is_ours = true;
        let stdin = std::io::stdin();
        let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::from(LOOK)) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        // Not by way of the library's buffer: what lies in that, `poll` does not see.
        let mut typed = [0; 64];
        let count = match is_in_front().then(|| read(&stdin, &mut typed)) {
            None => continue,
            Some(Ok(0) | Err(_)) => return,
            Some(Ok(count)) => count,
        };
        for command in typed[..count].iter().copied().filter_map(command) {
            if sender.send(Wish::Command(command)).is_err() {
                return;
            }
        }
    }
}

/// What a key means.
fn command(key: u8) -> Option<Command> {
    let by = |users: f64| Some(Command::Load { scenario: None, amount: Amount::By(users) });
    match key {
        b'w' => by(1.0),
        b'W' => by(10.0),
        b's' => by(-1.0),
        b'S' => by(-10.0),
        b'p' => Some(Command::PauseOrResume),
        b'q' => Some(Command::Stop),
        _ => None,
    }
}
