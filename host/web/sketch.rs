//! What `app` knows and the form shows: what there is to run, and what a run would be. Asked by the handlers.

use serde::Serialize;

use crate::config::Catalog;
use crate::fault::Fault;

use super::asked::Asked;

/// Looks without running.
pub trait Backdrop: Send + Sync {
    /// Scripts and environments, as they are just now.
    ///
    /// # Errors
    /// Where there is no script.
    fn catalog(&self) -> Result<Catalog, Fault>;

    /// What a run would be: the scripts are compiled and their top level is run.
    ///
    /// # Errors
    /// What is wrong with configuration and scripts.
    fn sketch(&self, asked: &Asked) -> Result<Sketch, Vec<Fault>>;

    /// The host that is asked for without a form, for Locust's answers.
    fn host(&self) -> Option<String>;
}

/// A value that counts unless another is given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    pub value: String,
    /// Such as `default`, `config/local.yaml:3`, `flag --users`.
    pub origin: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Sketch {
    pub environment: String,
    /// None: only the scripts name hosts, or the bundled service is the target.
    pub host: Option<Value>,
    /// The bundled documents service is the target.
    pub is_demo: bool,
    pub users: Option<Value>,
    pub spawn_rate: Option<Value>,
    pub run_time: Option<Value>,
    pub iterations: Option<Value>,
    pub stop_timeout: Option<Value>,
    pub seed: Option<Value>,
    /// What a person must type before a run.
    pub question: Option<String>,
    /// The environment's limits, by name.
    pub limits: Vec<(String, String)>,
    /// The names of the variables that scripts see.
    pub variables: Vec<String>,
    pub classes: Vec<ClassSketch>,
    /// The load shape that says how many users there are.
    pub shape: Option<String>,
    /// The scenarios that the load is made of.
    pub scenarios: Vec<String>,
    /// The thresholds, as they are written.
    pub thresholds: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ClassSketch {
    pub name: String,
    pub weight: f64,
    pub fixed_count: u32,
    pub host: Option<String>,
    pub tasks: Vec<String>,
    /// Whether it would run.
    pub is_chosen: bool,
}
