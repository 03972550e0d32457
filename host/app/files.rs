//! How many files the process may have open: every connection of a user is one. Called by `app`.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to what the system lets this process have. Shells start programs with a low one for the sake of
/// those that cannot bear more.
pub(super) fn raise_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Where it is refused, what goes beyond fails with a text that says so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
