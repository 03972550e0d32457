//! Runs that several processes make: parts of a run without a coordinator, and one run over NATS, with what can
//! happen to its processes and to NATS meanwhile. NATS is Debian's; where it is not there and cannot be installed, what
//! needs it is skipped, which a line says.

mod faults;
mod nats;
mod party;
mod refusals;
mod segments;
mod whole;
