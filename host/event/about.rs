//! What is known of a run before it begins and is shown beside its results: how it is configured,
//! how its load is shared, what machine makes it. Filled by `app`, shown by `report`.

use serde::{Deserialize, Serialize};

/// All of it; empty where nobody knows, as for runs that were read from logs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Every effective value, in the order of `--show-config`.
    pub settings: Vec<Setting>,
    /// The classes, and how their users choose tasks.
    pub shares: Vec<Share>,
    pub machine: Option<Machine>,
}

/// A value of the configuration and where it came from. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
    /// Such as `--users`, `config/local.yaml:3`, `default`.
    pub origin: String,
}

/// A class, a task set or a task, and what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub name: String,
    /// Of what stands above it, 0 to 1.
    pub ratio: f64,
    pub parts: Vec<Share>,
}

/// The machine that makes the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Of e2e.
    pub version: String,
    pub os: String,
    pub cpu: String,
    /// That this process may use.
    pub cores: usize,
    /// Bytes.
    pub memory: Option<u64>,
    pub open_files: Option<u64>,
}
