//! Keys on the terminal while a run goes on, as Locust has them: w and W for a user more, or ten, s and S
//! for less, p to pause and go on, q to stop. Those that turn to another part of the live view go there. Used by `app`.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::Duration;

use crossbeam_channel::Sender;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp};

use crate::event::{Amount, Command, Wish};
use crate::report::{Turn, turn};

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
        for key in keys(&typed[..count]) {
            if let Some(turn_to) = turned(key) {
                turn(turn_to);
            } else if let Some(command) = command(key)
                && sender.send(Wish::Command(command)).is_err()
            {
                return;
            }
        }
    }
}

/// A key as the terminal tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Plain(u8),
    Escape,
    /// What stands in a sequence: its last byte, and the number before a `~`.
    Special(u8, u8),
}

/// The keys of what was read at once. A sequence that nobody knows means nothing, whatever letters are in it.
fn keys(typed: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = typed;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after.first()) {
            (0x1b, Some(b'[' | b'O')) => {
                let parameters = &after[1..];
                let Some(end) = parameters.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                    break;
                };
                let number = parameters[..end].iter().take_while(|byte| byte.is_ascii_digit());
                let number =
                    number.fold(0u8, |sum, digit| sum.saturating_mul(10).saturating_add(digit - b'0'));
                keys.push(Key::Special(parameters[end], number));
                rest = &parameters[end + 1..];
            }
            (0x1b, _) => keys.push(Key::Escape),
            (plain, _) => keys.push(Key::Plain(plain)),
        }
    }
    keys
}

/// The part of the live view that a key turns to.
fn turned(key: Key) -> Option<Turn> {
    Some(match key {
        Key::Plain(b'j') | Key::Special(b'B', _) => Turn::Down,
        Key::Plain(b'k') | Key::Special(b'A', _) => Turn::Up,
        Key::Special(b'~', 6) => Turn::PageDown,
        Key::Special(b'~', 5) => Turn::PageUp,
        Key::Plain(b'g') | Key::Special(b'H', _) | Key::Special(b'~', 1 | 7) => Turn::First,
        Key::Plain(b'G') | Key::Special(b'F', _) | Key::Special(b'~', 4 | 8) => Turn::Last,
        Key::Plain(b'?') => Turn::Help,
        Key::Escape => Turn::Back,
        _ => return None,
    })
}

/// What a key means for the run.
fn command(key: Key) -> Option<Command> {
    let by = |users: f64| Some(Command::Load { scenario: None, amount: Amount::By(users) });
    let Key::Plain(key) = key else { return None };
    match key {
        b'w' => by(1.0),
        b'W' => by(10.0),
        b's' => by(-1.0),
        b'S' => by(-10.0),
        b'p' => Some(Command::PauseOrResume),
        b'q' => Some(Command::Finish),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_one_key_and_steer_nothing() {
        // F4 ends with an S, a mouse wheel's report with an M: neither is a wish for users.
        let read = keys(b"\x1bOSw\x1b[6~\x1b[1;2Bj\x1b");
        let expected = [
            Key::Special(b'S', 0),
            Key::Plain(b'w'),
            Key::Special(b'~', 6),
            Key::Special(b'B', 1),
            Key::Plain(b'j'),
            Key::Escape,
        ];
        assert_eq!(read, expected);
        let turns: Vec<_> = read.iter().filter_map(|key| turned(*key)).collect();
        assert_eq!(turns, [Turn::PageDown, Turn::Down, Turn::Down, Turn::Back]);
        let commands: Vec<_> = read.iter().filter_map(|key| command(*key)).collect();
        assert_eq!(commands, [Command::Load { scenario: None, amount: Amount::By(1.0) }]);
        assert_eq!(command(Key::Plain(b'q')), Some(Command::Finish));
        // Cut off, or not even one.
        assert_eq!(keys(b"\x1b[12"), []);
        assert_eq!(keys(b"\x1b[999999~"), [Key::Special(b'~', 255)]);
    }
}
