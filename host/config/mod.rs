//! The configuration of a run in three steps: as given and as written (`given`, `raw`), merged (`layers`),
//! validated and immutable (`plan`). Called by `cli` (which makes a `Given`), `script` (which fills
//! `ScriptOptions`), `app` (which loads, plans and shows) and everything that reads a `Plan`.

mod catalog;
mod document;
mod effective;
mod expand;
mod given;
mod layers;
mod locate;
mod network;
mod options;
mod origin;
mod outlet;
mod plan;
mod raw;
mod safety;
mod scalar;
mod scenarios;
mod section;
mod show;
mod survey;
mod thresholds;
mod together;
mod value;
mod variables;
mod watched;
mod yaml;

pub use catalog::{Catalog, catalog};
pub use effective::Effective;
pub use expand::is_name;
pub use given::{Given, GivenOutputs, HttpDebug, Level, Load, Surroundings};
pub use layers::{Layers, load};
pub use options::ScriptOptions;
pub use origin::{Origin, Sited};
pub use outlet::{Outlet, OutletKind};
pub use plan::{Outputs, Plan, Settings};
pub use safety::Safety;
pub use scenarios::Scenario;
pub use show::{Shown, show_config, shown};
pub use survey::{Survey, root_of, survey};
pub use thresholds::{Criterion, Rule};
pub use together::{GivenTogether, Meeting, OnLoss, Together};
pub use watched::{Watched, watched};
