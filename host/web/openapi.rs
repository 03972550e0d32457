//! The OpenAPI document, made from the table of routes and the schemas below.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answers::json as answer;
use super::routes::{Gives, ROUTES, Route};

pub(super) async fn document() -> Response {
    answer(&whole())
}

/// The document.
pub(super) fn whole() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        paths.entry(route.path).or_insert_with(|| json!({}))[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "e2e",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Starts, steers and shows runs. Where a login or a token was set, requests carry it. Requests that change something are refused where another site's page makes them.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "login": { "type": "http", "scheme": "basic" },
            },
        },
        "security": [{}, { "token": [] }, { "login": [] }],
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn operation(route: &Route) -> Value {
    let status = if route.method == "post" && route.path == "/api/v1/runs" { "201" } else { "200" };
    let content = match route.gives {
        Gives::Json(schema) => json!({ "application/json": { "schema": reference(schema) } }),
        Gives::Other(kind) => json!({ kind: { "schema": { "type": "string" } } }),
    };
    let mut operation = json!({
        "summary": route.what,
        "responses": {
            status: { "description": "Done", "content": content },
            "default": {
                "description": "What is wrong, and what to do",
                "content": { "application/json": { "schema": reference("Faults") } },
            },
        },
    });
    let named = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = named
        .map(|name| {
            let what = match name {
                "run" => "The number of a run, or `current`: the one that goes on, else the last",
                _ => "A name from the list of files",
            };
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "description": what })
        })
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = route.takes.filter(|schema| *schema != "Nothing") {
        let kind = if schema == "Form" { "application/x-www-form-urlencoded" } else { "application/json" };
        operation["requestBody"] = json!({ "content": { kind: { "schema": reference(schema) } } });
    }
    operation
}

/// An object with these properties, as `name: type`; a `?` behind the type allows null, `[]` makes a list.
fn object(what: &str, properties: &[(&str, &str)]) -> Value {
    let property = |kind: &str| {
        let (kind, is_open) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
        let (kind, is_list) = kind.strip_suffix("[]").map_or((kind, false), |kind| (kind, true));
        let one = match kind {
            "any" => json!({}),
            kind if kind.starts_with(char::is_uppercase) => reference(kind),
            kind if is_open && !is_list => return json!({ "type": [kind, "null"] }),
            kind => json!({ "type": kind }),
        };
        match (is_list, is_open) {
            (true, true) => json!({ "type": ["array", "null"], "items": one }),
            (true, false) => json!({ "type": "array", "items": one }),
            (false, true) => json!({ "anyOf": [one, { "type": "null" }] }),
            (false, false) => one,
        }
    };
    let properties: Map<String, Value> =
        properties.iter().map(|(name, kind)| ((*name).to_owned(), property(kind))).collect();
    json!({ "type": "object", "description": what, "properties": properties })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": reference(of) })
}

fn schemas() -> Value {
    let duration = json!({ "type": ["string", "number", "null"], "description": "`1h20m`, or seconds" });
    let mut asked = object(
        "A run to be. What is left out is as it was when e2e was started; null clears that",
        &[
            ("scripts", "string[]?"),
            ("environment", "string?"),
            ("classes", "string[]?"),
            ("users", "integer?"),
            ("iterations", "integer?"),
            ("host", "string?"),
            ("tags", "string[]?"),
            ("exclude_tags", "string[]?"),
            ("seed", "integer?"),
            ("confirm", "string?"),
        ],
    );
    let fields = &mut asked["properties"];
    fields["spawn_rate"] = json!({ "type": ["number", "string", "null"], "description": "Users per second, or a text such as `30/m`" });
    fields["variables"] = json!({
        "type": ["object", "string"], "description": "For the script's env; an object, or lines of NAME=VALUE",
    });
    fields["run_time"] = duration.clone();
    fields["stop_timeout"] = duration;
    let status = object(
        "How things stand",
        &[
            ("run", "integer?"),
            ("users", "integer"),
            ("most_users", "integer"),
            ("target", "integer?"),
            ("spawn_rate", "number?"),
            ("elapsed", "number"),
            ("scripts", "string[]"),
            ("environment", "string?"),
            ("host", "string?"),
            ("scenarios", "string[]"),
            ("shape", "string?"),
            ("code", "integer?"),
            ("faults", "Fault[]"),
            ("are_faults_untold", "boolean"),
            ("runs", "integer[]"),
            ("is_closing", "boolean"),
            ("follows", "string?"),
        ],
    );
    let mut status = status;
    status["properties"]["state"] = json!({
        "type": "string",
        "enum": ["ready", "preparing", "spawning", "running", "paused", "stopping", "stopped"],
    });
    json!({
        "Asked": asked,
        "Status": status,
        "Fault": object("What is wrong, and what to do", &[
            ("exit", "integer"), ("what", "string"), ("file", "string?"), ("line", "integer?"), ("column", "integer?"),
            ("why", "string?"), ("help", "string?"), ("trace", "string[]"), ("text", "string"),
        ]),
        "Faults": object("All that is wrong", &[("faults", "Fault[]")]),
        "Change": object("What is to be changed of a run; `rate` is iterations a second of a scenario", &[
            ("users", "integer"), ("spawn_rate", "number"), ("rate", "number"), ("scenario", "string"),
            ("paused", "boolean"),
        ]),
        "Stop": object("How to end a run", &[("now", "boolean")]),
        "Done": object("What was done", &[("done", "string[]")]),
        "Started": object("The number of the run", &[("run", "integer")]),
        "Catalog": object("What can be run", &[
            ("root", "string"), ("scripts", "string[]"), ("chosen", "string[]"), ("environments", "string[]"),
            ("environment", "string"),
        ]),
        "Value": object("A value and where it came from", &[("value", "string"), ("origin", "string")]),
        "Sketch": object("What a run would be", &[
            ("environment", "string"), ("host", "Value?"), ("is_demo", "boolean"), ("users", "Value?"),
            ("spawn_rate", "Value?"), ("run_time", "Value?"), ("iterations", "Value?"), ("stop_timeout", "Value?"),
            ("seed", "Value?"), ("question", "string?"), ("limits", "any[]"), ("variables", "string[]"),
            ("classes", "Class[]"), ("shape", "string?"), ("scenarios", "string[]"), ("thresholds", "string[]"),
        ]),
        "Class": object("A user class", &[
            ("name", "string"), ("weight", "number"), ("fixed_count", "integer"), ("host", "string?"),
            ("tasks", "string[]"), ("is_chosen", "boolean"),
        ]),
        "Runs": list("Status"),
        "View": object("A run, as of a beat", &[("run", "integer"), ("number", "integer"), ("view", "any")]),
        "File": object("A result file", &[("name", "string"), ("kind", "string")]),
        "Files": list("File"),
        "Share": object("A class, a set or a task", &[("name", "string"), ("ratio", "number"), ("parts", "Share[]")]),
        "Shares": list("Share"),
        "Document": { "type": "object" },
        "Form": object("Locust's form; other fields are variables for the script's env", &[
            ("user_count", "integer"), ("spawn_rate", "number"), ("host", "string"), ("run_time", "string"),
            ("user_classes", "string"), ("confirm", "string"),
        ]),
        "Swarmed": object("Locust's answer", &[("success", "boolean"), ("message", "string"), ("host", "string?")]),
        "Requests": object("Locust's statistics", &[
            ("stats", "any[]"), ("errors", "any[]"), ("total_rps", "number"), ("total_fail_per_sec", "number"),
            ("total_avg_response_time", "number"), ("fail_ratio", "number"),
            ("current_response_time_percentiles", "any"), ("state", "string"), ("user_count", "integer"),
        ]),
        "Exceptions": object("What scripts raised", &[("exceptions", "any[]")]),
        "Tasks": object("Locust's ratios", &[("per_class", "any"), ("total", "any")]),
        "Logs": object("Lines of the log", &[("master", "string[]"), ("workers", "any")]),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::asked::FIELDS;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("$ref") {
                    found.insert(name.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there_and_named() {
        let document = whole();
        let mut named = BTreeSet::new();
        references(&document, &mut named);
        let there: BTreeSet<String> = document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| format!("#/components/schemas/{name}"))
            .collect();
        assert_eq!(named, there);
    }

    #[test]
    fn the_fields_of_a_run_are_those_that_are_read() {
        let document = whole();
        let told = document["components"]["schemas"]["Asked"]["properties"].as_object().unwrap();
        let (told, read): (BTreeSet<&str>, BTreeSet<&str>) =
            (told.keys().map(String::as_str).collect(), FIELDS.iter().copied().collect());
        assert_eq!(told, read);
        let told = document["components"]["schemas"]["Change"]["properties"].as_object().unwrap();
        let read: BTreeSet<&str> = crate::web::control::CHANGES.iter().copied().collect();
        assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), read);
    }

    #[test]
    fn parameters_and_bodies_are_told() {
        let paths = &whole()["paths"];
        let files = &paths["/api/v1/runs/{run}/files/{file}"]["get"];
        let names: Vec<&str> =
            files["parameters"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["run", "file"]);
        assert!(
            paths["/swarm"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
                .is_object()
        );
        assert!(paths["/api/v1/runs"]["get"].is_object() && paths["/api/v1/runs"]["post"].is_object());
    }
}
