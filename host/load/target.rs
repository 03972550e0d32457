//! What the load is to be: so many users, reached at such a rate. Made by `run`
//! from the command line, a load shape or a person; carried out by `roster`.

use std::sync::Arc;
use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;

use super::spawn::Ramp;

/// A load to aim at.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub users: u64,
    /// Users a second, up or down.
    pub spawn_rate: f64,
    /// The classes that users may be added to, as indices; None: all. Running users stay.
    pub classes: Option<Arc<[usize]>>,
}

/// As many as the command line can ask for.
const MOST_USERS: u64 = u32::MAX as u64;

impl Target {
    /// # Errors
    /// [`Exit::Usage`] for a rate that is not above 0, and for users beyond what a command line can ask for.
    pub fn check(&self) -> Result<(), Fault> {
        Ramp::new(self.spawn_rate)?;
        if self.users > MOST_USERS {
            let what = format!("{} users are more than a run can have, {MOST_USERS}", self.users);
            return Err(Fault::new(Exit::Usage, what));
        }
        Ok(())
    }
}

/// An order to aim at a target from a certain moment on. The newest one counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// Which order it is: they count up.
    pub number: u64,
    /// Since the start of the run. Not before that of the order before.
    pub at: Duration,
    pub target: Target,
}
