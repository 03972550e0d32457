//! The HTTP half of the documents service: one route per operation. Built by
//! `server`; the work is done by `store`, the shapes are those of `wire`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Response, StatusCode, Uri};
use axum::routing::{get, post};

use super::store::{Query, Store};
use super::transfers;
use super::wire::{
    Address, BatchBody, CreateBody, Deleted, Failure, InCollection, Json, Listed, Many, One, QueryBody,
    UpdateBody, answer, respond,
};

type Shared = State<Arc<Store>>;
type Outcome = Result<Response<Body>, Failure>;

/// Every route, the JSON error shape for unknown paths and methods included.
pub(super) fn routes(store: Arc<Store>) -> Router {
    let documents = "/v1beta/collections/{collection}/documents";
    Router::new()
        .route(READY, get(async || ready()))
        .route(documents, post(create))
        .route(&format!("{documents}/{{uri}}"), get(read).patch(update).delete(delete))
        .route(&format!("{documents}/{{uri}}/history"), get(history))
        .route(&format!("{documents}:batchCreate"), post(create_batch))
        .route(&format!("{documents}:query"), post(query))
        .route("/v1beta/uploads", post(transfers::upload))
        .route("/v1beta/exports/{lines}", get(transfers::export))
        .fallback(async |uri: Uri| Failure::no_route(format!("no such route: {}", uri.path())))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            Failure::no_method(format!("{method} is not allowed on {}", uri.path()))
        })
        .with_state(store)
}

pub(super) const READY: &str = "/ready";

pub(super) fn ready() -> Response<Body> {
    respond(StatusCode::OK, r#"{"status":"ready"}"#)
}

async fn create(
    State(store): Shared,
    InCollection(collection): InCollection,
    Json(body): Json<CreateBody>,
) -> Outcome {
    let document = store.create(&collection, body.document)?;
    Ok(answer(&One { document }))
}

async fn create_batch(
    State(store): Shared,
    InCollection(collection): InCollection,
    Json(body): Json<BatchBody>,
) -> Outcome {
    let documents = store.create_all(&collection, body.documents)?;
    Ok(answer(&Many { documents }))
}

async fn read(State(store): Shared, at: Address) -> Outcome {
    let document = store.get(&at.collection, &at.uri)?;
    Ok(answer(&One { document }))
}

async fn update(State(store): Shared, at: Address, Json(body): Json<UpdateBody>) -> Outcome {
    let document = store.update(&at.collection, &at.uri, body.fields, body.expected_version)?;
    Ok(answer(&One { document }))
}

async fn delete(State(store): Shared, at: Address) -> Outcome {
    store.delete(&at.collection, &at.uri)?;
    Ok(answer(&Deleted { success: true }))
}

async fn history(State(store): Shared, at: Address) -> Outcome {
    let documents = store.history(&at.collection, &at.uri)?;
    Ok(answer(&Many { documents }))
}

async fn query(
    State(store): Shared,
    InCollection(collection): InCollection,
    Json(body): Json<QueryBody>,
) -> Outcome {
    let query = Query { filter: body.query.filter, page_size: body.page_size, page_token: body.page_token };
    let page = store.query(&collection, &query)?;
    Ok(answer(&Listed {
        documents: page.documents,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use crate::demo::probe::{Probe, start};

    const DOCS: &str = "/v1beta/collections/c/documents";

    fn at(uri: &str) -> String {
        format!("{DOCS}/{uri}")
    }

    fn create(probe: &mut Probe, uri: &str, fields: Value) -> Value {
        let (status, body) =
            probe.send("POST", DOCS, Some(json!({"document": {"uri": uri, "fields": fields}})));
        assert_eq!(status, 200, "{body}");
        body
    }

    fn assert_error(answer: (u16, Value), code: u16, status: &str) {
        assert_eq!(answer.0, code, "{}", answer.1);
        assert_eq!(answer.1["error"]["code"], code);
        assert_eq!(answer.1["error"]["status"], status);
        assert!(!answer.1["error"]["message"].as_str().unwrap().is_empty());
    }

    #[test]
    fn ready_answers() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        assert_eq!(probe.send("GET", "/ready", None), (200, json!({"status": "ready"})));
        assert_eq!(probe.send("GET", "/ready?x=1", None).0, 200);
        assert_error(probe.send("POST", "/ready", None), 405, "UNIMPLEMENTED");
    }

    #[test]
    fn a_document_lives_from_create_to_delete() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        let created = create(&mut probe, "a", json!({"step": 1, "big": 9223372036854775807_i64}));
        let document = &created["document"];
        assert_eq!(document["uri"], "a");
        assert_eq!(document["version"], 1);
        assert_eq!(document["fields"], json!({"step": 1, "big": 9223372036854775807_i64}));
        let time: jiff::Timestamp = document["create_time"].as_str().unwrap().parse().unwrap();
        assert!(time.duration_until(jiff::Timestamp::now()).as_secs() < 60);
        assert_eq!(document["create_time"], document["update_time"]);
        assert_eq!(probe.send("GET", &at("a"), None), (200, created.clone()));

        let change = json!({"fields": {"step": 2}, "expected_version": 1});
        let (status, updated) = probe.send("PATCH", &at("a"), Some(change.clone()));
        assert_eq!(status, 200);
        assert_eq!(updated["document"]["version"], 2);
        assert_eq!(updated["document"]["fields"], json!({"step": 2, "big": 9223372036854775807_i64}));
        assert_eq!(updated["document"]["create_time"], document["create_time"]);
        assert_error(probe.send("PATCH", &at("a"), Some(change)), 409, "ABORTED");

        let (status, history) = probe.send("GET", &at("a/history"), None);
        assert_eq!(status, 200);
        assert_eq!(history, json!({"documents": [document, updated["document"]]}));

        assert_eq!(probe.send("DELETE", &at("a"), None), (200, json!({"success": true})));
        for (method, path) in [("GET", at("a")), ("DELETE", at("a")), ("GET", at("a/history"))] {
            assert_error(probe.send(method, &path, None), 404, "NOT_FOUND");
        }
        assert_error(probe.send("PATCH", &at("a"), Some(json!({"fields": {}}))), 404, "NOT_FOUND");
    }

    #[test]
    fn a_uri_may_be_percent_encoded() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        let created = create(&mut probe, "a/b c?ä", json!({}));
        assert_eq!(probe.send("GET", &at("a%2Fb%20c%3F%C3%A4"), None), (200, created));
        assert_error(probe.send("GET", &at("%FF"), None), 400, "INVALID_ARGUMENT");
    }

    #[test]
    fn a_taken_uri_is_refused() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        create(&mut probe, "a", json!({}));
        let again = json!({"document": {"uri": "a", "fields": {}}});
        assert_error(probe.send("POST", DOCS, Some(again.clone())), 409, "ALREADY_EXISTS");
        assert_eq!(probe.send("POST", "/v1beta/collections/d/documents", Some(again)).0, 200);
    }

    #[test]
    fn batches_and_queries() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        let batch = |uris: &[&str]| {
            let drafts: Vec<Value> = uris.iter().map(|u| json!({"uri": u, "fields": {"b": true}})).collect();
            Some(json!({"documents": drafts}))
        };
        let path = format!("{DOCS}:batchCreate");
        let (status, created) = probe.send("POST", &path, batch(&["a", "b", "c"]));
        assert_eq!(status, 200);
        assert_eq!(created["documents"][2]["uri"], "c");
        assert_error(probe.send("POST", &path, batch(&["d", "a"])), 409, "ALREADY_EXISTS");
        create(&mut probe, "other", json!({"b": false}));

        let path = format!("{DOCS}:query");
        let mut ask = |body: Value| probe.send("POST", &path, Some(body));
        let (status, all) = ask(json!({"query": {"filter": {}}, "page_size": 100}));
        assert_eq!((status, &all["total_size"], &all["next_page_token"]), (200, &json!(4), &json!("")));
        let (_, first) = ask(json!({"query": {"filter": {"b": true}}, "page_size": 2}));
        assert_eq!(first["documents"], json!([created["documents"][0], created["documents"][1]]));
        assert_eq!(first["total_size"], 3);
        let token = &first["next_page_token"];
        let (_, second) = ask(json!({"query": {"filter": {"b": true}}, "page_size": 2, "page_token": token}));
        assert_eq!(second["documents"], json!([created["documents"][2]]));
        assert_eq!(second["next_page_token"], "");
        assert_error(ask(json!({"page_token": "nonsense"})), 400, "INVALID_ARGUMENT");
        assert_error(ask(json!({"page_size": -1})), 400, "INVALID_ARGUMENT");
    }

    #[test]
    fn pages_hold_fifty_documents_unless_told() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        let drafts: Vec<Value> = (0..1200).map(|n| json!({"uri": format!("d{n}"), "fields": {}})).collect();
        probe.send("POST", &format!("{DOCS}:batchCreate"), Some(json!({"documents": drafts})));
        for (body, size) in [(json!({}), 50), (json!({"page_size": 5000}), 1000)] {
            let (_, page) = probe.send("POST", &format!("{DOCS}:query"), Some(body));
            assert_eq!(page["documents"].as_array().unwrap().len(), size);
        }
    }

    #[test]
    fn bad_requests_get_the_error_shape() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"document":{"uri":"a"}}"#,
            r#"{"document":{"fields":{}}}"#,
            r#"{"document":{"uri":"","fields":{}}}"#,
            r#"{"document":{"uri":"a","fields":[]}}"#,
        ] {
            assert_error(probe.send_raw("POST", DOCS, body), 400, "INVALID_ARGUMENT");
        }
        assert_error(probe.send_raw("POST", &format!("{DOCS}:batchCreate"), "{}"), 400, "INVALID_ARGUMENT");
        create(&mut probe, "a", json!({}));
        assert_error(probe.send_raw("PATCH", &at("a"), "{}"), 400, "INVALID_ARGUMENT");
        let body = r#"{"fields":{},"expected_version":"1"}"#;
        assert_error(probe.send_raw("PATCH", &at("a"), body), 400, "INVALID_ARGUMENT");
    }

    #[test]
    fn unknown_routes_and_wrong_methods_get_the_error_shape() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        for path in ["/", "/nowhere", "/v1beta/collections/c", &format!("{DOCS}:nothing")] {
            assert_error(probe.send("GET", path, None), 404, "NOT_FOUND");
        }
        for (method, path) in [("GET", DOCS.to_string()), ("PUT", at("a")), ("GET", format!("{DOCS}:query"))]
        {
            assert_error(probe.send(method, &path, None), 405, "UNIMPLEMENTED");
        }
    }
}
