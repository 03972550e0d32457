//! The JSON shapes of the documents service over HTTP: what a request's body
//! and address are read into, what answers and errors look like. Used by
//! `http` and, for the error shape, by `server`.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::store::{Document, Draft, Fields, StoreError};

/// Larger request bodies are refused.
const MAX_BODY: usize = 64 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Deserialize)]
pub(super) struct CreateBody {
    pub(super) document: Draft,
}

#[derive(Deserialize)]
pub(super) struct BatchBody {
    pub(super) documents: Vec<Draft>,
}

#[derive(Deserialize)]
pub(super) struct UpdateBody {
    pub(super) fields: Fields,
    pub(super) expected_version: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct QueryBody {
    #[serde(default)]
    pub(super) query: Filter,
    #[serde(default)]
    pub(super) page_size: usize,
    #[serde(default)]
    pub(super) page_token: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    pub(super) filter: Fields,
}

#[derive(Serialize)]
pub(super) struct One {
    #[serde(serialize_with = "show")]
    pub(super) document: Document,
}

#[derive(Serialize)]
pub(super) struct Many {
    #[serde(serialize_with = "show_all")]
    pub(super) documents: Vec<Document>,
}

#[derive(Serialize)]
pub(super) struct Listed {
    #[serde(serialize_with = "show_all")]
    pub(super) documents: Vec<Document>,
    pub(super) next_page_token: String,
    pub(super) total_size: usize,
}

#[derive(Serialize)]
pub(super) struct Deleted {
    pub(super) success: bool,
}

/// A document as it is written.
#[derive(Serialize)]
struct Shown<'a> {
    uri: &'a str,
    version: u64,
    fields: &'a Fields,
    #[serde(serialize_with = "show_time")]
    create_time: Timestamp,
    #[serde(serialize_with = "show_time")]
    update_time: Timestamp,
}

impl<'a> From<&'a Document> for Shown<'a> {
    fn from(document: &'a Document) -> Self {
        Shown {
            uri: &document.uri,
            version: document.version,
            fields: &document.fields,
            create_time: document.create_time,
            update_time: document.update_time,
        }
    }
}

fn show<S: Serializer>(document: &Document, to: S) -> Result<S::Ok, S::Error> {
    Shown::from(document).serialize(to)
}

fn show_all<S: Serializer>(documents: &[Document], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(documents.iter().map(Shown::from))
}

/// RFC 3339 in UTC, to the microsecond.
fn show_time<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.6}"))
}

/// A 200 with `value` as its JSON body.
pub(super) fn answer(value: &impl Serialize) -> Response<Body> {
    respond(StatusCode::OK, serde_json::to_vec(value).expect("no shape here has a key that is not a string"))
}

/// The body is given as it goes out, so that constant answers cost no encoding.
pub(super) fn respond(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Every answer that is not a 200: `{error:{code,message,status}}`.
#[derive(Debug)]
pub(super) struct Failure {
    code: StatusCode,
    status: &'static str,
    message: String,
}

impl Failure {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Failure { code: StatusCode::BAD_REQUEST, status: "INVALID_ARGUMENT", message: message.into() }
    }

    pub(super) fn no_route(message: impl Into<String>) -> Self {
        Failure { code: StatusCode::NOT_FOUND, status: "NOT_FOUND", message: message.into() }
    }

    pub(super) fn no_method(message: impl Into<String>) -> Self {
        Failure { code: StatusCode::METHOD_NOT_ALLOWED, status: "UNIMPLEMENTED", message: message.into() }
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Failure { code: StatusCode::SERVICE_UNAVAILABLE, status: "UNAVAILABLE", message: message.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (code, status) = match error {
            StoreError::NotFound { .. } => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            StoreError::AlreadyExists { .. } => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
            StoreError::VersionDiffers { .. } => (StatusCode::CONFLICT, "ABORTED"),
            StoreError::Invalid(_) => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
        };
        Failure { code, status, message: error.to_string() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Inner<'a> {
            code: u16,
            message: &'a str,
            status: &'a str,
        }
        #[derive(Serialize)]
        struct Outer<'a> {
            error: Inner<'a>,
        }
        let error = Inner { code: self.code.as_u16(), message: &self.message, status: self.status };
        let body = serde_json::to_vec(&Outer { error }).expect("two flat structs encode");
        respond(self.code, body)
    }
}

/// A JSON body, whatever Content-Type it claims to have.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let body = axum::body::to_bytes(request.into_body(), MAX_BODY)
            .await
            .map_err(|error| Failure::invalid(format!("cannot read the body: {error}")))?;
        serde_json::from_slice(&body)
            .map(Json)
            .map_err(|error| Failure::invalid(format!("invalid body: {error}")))
    }
}

/// The collection in the path.
pub(super) struct InCollection(pub(super) String);

/// The collection and the document in the path, percent-decoded.
pub(super) struct Address {
    pub(super) collection: String,
    pub(super) uri: String,
}

impl<S: Send + Sync> FromRequestParts<S> for InCollection {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        read_path(parts, state).await.map(InCollection)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let (collection, uri) = read_path(parts, state).await?;
        Ok(Address { collection, uri })
    }
}

async fn read_path<S: Send + Sync, T>(parts: &mut Parts, state: &S) -> Result<T, Failure>
where
    T: DeserializeOwned + Send,
{
    match Path::from_request_parts(parts, state).await {
        Ok(Path(value)) => Ok(value),
        Err(error) => Err(Failure::invalid(error.body_text())),
    }
}
