//! What the page's form asks for, as the command line would have given it; and looking at it without running. Used by
//! `session`.

use std::sync::Arc;

use crate::config::{self, Catalog, Given, Origin, Sited, Surroundings};
use crate::fault::Fault;
use crate::units::format_duration;
use crate::web::{Asked, Backdrop, ClassSketch, Field, Sketch, Value};

use super::prepare;

/// What e2e was started with.
pub(super) struct Stage {
    pub(super) given: Given,
    pub(super) surroundings: Arc<Surroundings>,
}

fn form<T>(name: &str) -> impl FnOnce(T) -> Sited<T> {
    let origin = Origin::Form(name.to_owned());
    move |value| Sited::new(value, origin)
}

impl Stage {
    /// # Errors
    /// A script or an environment that is not among those to choose from.
    pub(super) fn given(&self, asked: &Asked) -> Result<Given, Fault> {
        let mut given = self.given.clone();
        let asked = asked.clone();
        if let Field::To(names) = asked.scripts {
            let catalog = self.catalog()?;
            let paths = names.iter().map(|name| catalog.path(name)).collect::<Result<Vec<_>, Fault>>()?;
            given.scripts = Some(form("script")(paths));
        }
        if let Field::To(name) = asked.environment {
            let catalog = self.catalog()?;
            catalog.known_environment(&name)?;
            if name != catalog.environment {
                given.environment = Some(form("environment")(name));
            }
        }
        given.classes = asked.classes.over(given.classes, form("classes"));
        given.host = asked.host.over(given.host, form("host"));
        given.tags = asked.tags.over(given.tags, form("tags"));
        given.exclude_tags = asked.exclude_tags.over(given.exclude_tags, form("exclude_tags"));
        given.seed = asked.seed.over(given.seed, form("seed"));
        let load = &mut given.load;
        load.users = asked.users.over(load.users.take(), form("users"));
        load.spawn_rate = asked.spawn_rate.over(load.spawn_rate.take(), form("spawn_rate"));
        load.run_time = asked.run_time.over(load.run_time.take(), form("run_time"));
        load.iterations = asked.iterations.over(load.iterations.take(), form("iterations"));
        load.stop_timeout = asked.stop_timeout.over(load.stop_timeout.take(), form("stop_timeout"));
        if !asked.variables.is_empty() {
            let mut variables = given.variables.take().map(|given| given.value).unwrap_or_default();
            variables.extend(asked.variables);
            given.variables = Some(form("variables")(variables));
        }
        if !asked.is_automatic {
            // Whoever starts a run in a guarded environment says so each time, and there, not at the terminal.
            given.confirm = Some(form("confirm")(asked.confirm.unwrap_or_default()));
        }
        Ok(given)
    }
}

impl Backdrop for Stage {
    fn catalog(&self) -> Result<Catalog, Fault> {
        config::catalog(&self.given, &self.surroundings)
    }

    fn sketch(&self, asked: &Asked) -> Result<Sketch, Vec<Fault>> {
        let given = self.given(asked).map_err(|fault| vec![fault])?;
        let layers = config::load(&given, &self.surroundings)?;
        let config = prepare::keep(layers.config());
        let env = prepare::keep(prepare::variables(layers.env_vars()));
        let manifest = prepare::declare_scripts(&layers, config, env, prepare::sources(&layers))?;
        let effective = layers.effective(&manifest.options);
        let asked_for = given.classes.map(|classes| classes.value).unwrap_or_default();
        let class = |class: &crate::script::Class| ClassSketch {
            name: class.name.clone(),
            weight: class.weight,
            fixed_count: class.fixed_count,
            host: class.host.clone(),
            tasks: class.tasks.iter().map(|task| task.name.clone()).collect(),
            is_chosen: asked_for.is_empty() || asked_for.contains(&class.name),
        };
        Ok(Sketch {
            environment: effective.environment,
            host: effective.host.map(|host| value(host, |host| host)),
            is_demo: layers.target_demo().is_some(),
            users: Some(value(effective.users, |users| users.to_string())),
            spawn_rate: Some(value(effective.spawn_rate, |rate| rate.to_string())),
            run_time: effective.run_time.map(|time| value(time, format_duration)),
            iterations: effective.iterations.map(|count| value(count, |count| count.to_string())),
            stop_timeout: Some(value(effective.stop_timeout, format_duration)),
            seed: effective.seed.map(|seed| value(seed, |seed| seed.to_string())),
            question: effective.question,
            limits: effective.limits.into_iter().map(|(name, limit)| (name.to_owned(), limit)).collect(),
            variables: effective.variables,
            classes: manifest.classes.iter().map(class).collect(),
            shape: manifest.shapes.first().map(|shape| shape.name.clone()),
            scenarios: effective.scenarios,
            thresholds: effective.thresholds,
        })
    }

    fn host(&self) -> Option<String> {
        self.given.host.as_ref().map(|host| host.value.clone())
    }
}

fn value<T>(sited: Sited<T>, told: impl FnOnce(T) -> String) -> Value {
    Value { origin: sited.origin.to_string(), value: told(sited.value) }
}
