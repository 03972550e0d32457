//! What a run did and what it says it did: results are complete and agree to the
//! last request whatever ended the run, and the load is the one that was asked for.

mod authoring;
mod baseline;
mod bodies;
mod complete;
mod data;
mod load;
mod looks;
mod outputs;
mod secrets;
mod seeds;
mod shapes;
mod terminal;
mod watching;
