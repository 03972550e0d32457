//! Variables as configuration and scripts see them: `-e` above those of the
//! process. Used by `layers`.

use std::collections::BTreeMap;

use crate::mask;

use super::origin::{Origin, Sited};
use super::show::looks_secret;
use super::yaml::Lookup;

/// What the configuration takes from a variable whose name sounds like a secret is masked, unless it is
/// so short that it may be anything.
pub(super) const SURELY_SECRET: usize = 8;

/// `-e NAME=VALUE` above the variables of the process.
pub(super) struct Variables<'g> {
    pub(super) given: Option<&'g Sited<Vec<(String, String)>>>,
    pub(super) process: &'g BTreeMap<String, String>,
}

impl Variables<'_> {
    /// Those that scripts may see: TEST_*, E2E_*, the `listed` ones, and all given by `-e`.
    pub(super) fn shown(&self, listed: Option<&Sited<Vec<String>>>) -> BTreeMap<String, Sited<String>> {
        // Scripts may print them as well as what the configuration takes.
        let known = |name: &str, value: &str| {
            if looks_secret(name) && value.len() >= SURELY_SECRET {
                mask::add(value);
            }
        };
        let is_listed = |name: &String| listed.is_some_and(|listed| listed.value.contains(name));
        let mut shown: BTreeMap<String, Sited<String>> = self
            .process
            .iter()
            // What opens the page is no business of scripts.
            .filter(|(name, _)| !matches!(name.as_str(), "E2E_WEB_LOGIN" | "E2E_WEB_TOKEN"))
            .filter(|(name, _)| name.starts_with("TEST_") || name.starts_with("E2E_") || is_listed(name))
            .map(|(name, value)| (name.clone(), Sited::new(value.clone(), Origin::Variable(name.clone()))))
            .collect();
        if let Some(given) = self.given {
            shown.extend(
                given
                    .value
                    .iter()
                    .map(|(name, value)| (name.clone(), Sited::new(value.clone(), given.origin.clone()))),
            );
        }
        shown.iter().for_each(|(name, value)| known(name, &value.value));
        shown
    }
}

impl Lookup for Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let given = self.given.and_then(|given| given.value.iter().rev().find(|(known, _)| known == name));
        let value = given.map(|(_, value)| value).or_else(|| self.process.get(name))?;
        if looks_secret(name) && value.len() >= SURELY_SECRET {
            mask::add(value);
        }
        Some(value.clone())
    }

    fn names(&self) -> Vec<&str> {
        let given = self.given.iter().flat_map(|given| given.value.iter().map(|(name, _)| name.as_str()));
        given.chain(self.process.keys().map(String::as_str)).collect()
    }
}
