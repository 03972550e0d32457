//! The state of a run as the page shows it: live, in the report, and in the terminal's live view. It is kept
//! from events in bounded memory, however long the run. Used by `page`, `html` and `tui` beside this, and by
//! `web`.
//!
//! Units: times of requests in ms, stretches in s, moments in ms since 1970. What is not known is null.

mod facts;
mod gather;
mod keeper;
mod rows;
mod series;
mod sketch;

pub use facts::{
    Arrival, Check, Exception, Failure, Group, LeftOut, Line, Measured, Now, Run, State, Verdict, Worker,
};
pub use keeper::{Beat, Keeper, View};
pub use rows::Row;
pub use series::{Endpoint, EndpointPoint, Point, Series};
