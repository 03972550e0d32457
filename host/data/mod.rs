//! What scripts read besides their own code: data files, held once a process for all
//! VUs, and secrets. Made by `app` for a run, asked by `api` through the VU's `Shared`.

mod csv;
mod dataset;
mod json;
mod lines;
mod quotes;
mod reader;
mod rows;
mod secret;
mod sources;

pub use dataset::{Dataset, Mode, Next, OnEnd};
pub use reader::Reader;
pub use rows::Rows;
pub use secret::Secrets;
pub use sources::{Data, Form, Sources};
