//! The options of a request, as the reference describes them; `request` and `bodies` read them.

use super::object::{Field, Record};

/// What [`Asked::read`] understands.
pub(super) static REQUEST_OPTIONS: Record = Record {
    name: "RequestOptions",
    doc: "How a request is sent and counted. An option that does not exist is an error.",
    given: true,
    fields: &[
        Field {
            name: "name",
            sig: "string",
            doc: "What the request counts under, instead of its path and query: `GET /documents/{uri}` for all documents.",
        },
        Field {
            name: "tags",
            sig: "table<string, Plain>",
            doc: "What thresholds can tell it by: `http_req_duration{kind:search}`.",
        },
        Field { name: "json", sig: "any", doc: "The body, written as JSON, with its content type." },
        Field {
            name: "data",
            sig: "string|table<string, Plain|Plain[]>|fun(): string?",
            doc: "The body: a string as it is, a table as a form (`application/x-www-form-urlencoded`). A function is \
                  called for each chunk of the body until it returns nil; they are sent as they come.",
        },
        Field {
            name: "data_file",
            sig: "string",
            doc: "The body: a file below the script root, sent as it is read.",
        },
        Field {
            name: "files",
            sig: "table<string, string|FilePart|(string|FilePart)[]>",
            doc: "Files of a form (`multipart/form-data`): a content, or a table that describes one, or a list of \
                  these. The fields of `data`, a table then, come before them.",
        },
        Field {
            name: "compression",
            sig: "\"gzip\"|\"deflate\"|\"br\"|\"zstd\"",
            doc: "How the body is compressed; the header `Content-Encoding` says so.",
        },
        Field {
            name: "params",
            sig: "table<string, Plain|Plain[]>",
            doc: "Added to the URL's query, in the order of their names.",
        },
        Field { name: "headers", sig: "table<string, Plain|Plain[]>", doc: "Request headers." },
        Field {
            name: "cookies",
            sig: "table<string, Plain>",
            doc: "Cookies for this request alone; those that the VU was given by servers are sent anyway.",
        },
        Field {
            name: "auth",
            sig: "string[]|{ basic?: string[], bearer?: string, digest?: string[] }",
            doc: "Who sends it: `{ user, password }` (basic), `{ bearer = token }`, `{ digest = { user, password } }`. \
                  A redirect to another origin does not take it along.",
        },
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds from the call to the last byte, redirects and retries included (else `settings.default_timeout`).",
        },
        Field {
            name: "allow_redirects",
            sig: "boolean",
            doc: "Whether redirects are followed: true, except for HEAD.",
        },
        Field {
            name: "max_redirects",
            sig: "integer",
            doc: "How many redirects are followed before the request fails (else `settings.max_redirects`).",
        },
        Field {
            name: "max_retries",
            sig: "integer",
            doc: "How often it is sent again if no answer comes and its method is idempotent (else \
                  `settings.max_retries`).",
        },
        Field {
            name: "stream",
            sig: "boolean",
            doc: "Returns once the head of the answer is there; the script reads the body with `response:chunks()`. The \
                  request's time is that to the first byte, and `timeout` bounds each wait. It counts once the body is \
                  read or left.",
        },
        Field {
            name: "discard_body",
            sig: "boolean",
            doc: "Counts the body's bytes and lets them go (else `settings.discard_body`).",
        },
        Field {
            name: "max_body",
            sig: "integer|string",
            doc: "The largest body that is kept, such as `\"10MiB\"` (else `settings.max_body`). A larger one fails the \
                  request with the error kind `too_large`.",
        },
        Field {
            name: "catch_response",
            sig: "boolean",
            doc: "The script judges the response with `success`, `failure` or `ignore`. What it leaves unjudged at the \
                  end of the `<close>` block or of the task is judged by its status.",
        },
        Field {
            name: "verify",
            sig: "boolean",
            doc: "Whether the server's certificate is checked (else `settings.tls.verify`).",
        },
        Field {
            name: "cert",
            sig: "string|string[]",
            doc: "The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`. \
                  Paths start at the folder of the scripts.",
        },
    ],
};

/// An item of the option `files`.
pub(super) static FILE_PART: Record = Record {
    name: "FilePart",
    doc: "A file of a form: with `content` or `path`.",
    given: true,
    fields: &[
        Field { name: "content", sig: "string", doc: "What is in it." },
        Field { name: "path", sig: "string", doc: "A file below the script root, sent as it is read." },
        Field {
            name: "filename",
            sig: "string",
            doc: "Its name for the server: that of the field, or of the file at `path`. Empty: none, so that the part is \
                  a field of its own content type.",
        },
        Field {
            name: "content_type",
            sig: "string",
            doc: "`application/octet-stream` unless it has no name.",
        },
    ],
};
