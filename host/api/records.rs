//! The tables that a response holds, as the reference describes them; `response`
//! makes them.

use super::object::{Field, Record};

/// An item of `response.history`.
pub(super) static REDIRECT: Record = Record {
    name: "Redirect",
    doc: "A redirect that was followed.",
    given: false,
    fields: &[
        Field { name: "status_code", sig: "integer", doc: "Its status, such as 302." },
        Field { name: "url", sig: "string", doc: "The URL that answered with it." },
        Field { name: "location", sig: "string", doc: "Where it pointed, as the server wrote it." },
    ],
};

/// `response.error`.
pub(super) static REQUEST_ERROR: Record = Record {
    name: "RequestError",
    doc: "Why a request got no whole answer.",
    given: false,
    fields: &[
        Field {
            name: "kind",
            sig: "string",
            doc: "`invalid_request`, `invalid_url`, `dns`, `connect`, `proxy`, `tls`, `timeout`, `closed`, `protocol`, `body`, \
                  `too_large`, `too_many_redirects`, `handshake` or `not_allowed`.",
        },
        Field { name: "text", sig: "string", doc: "What happened, for people." },
    ],
};

/// `response.request`.
pub(super) static SENT_REQUEST: Record = Record {
    name: "SentRequest",
    doc: "A request as it was sent.",
    given: false,
    fields: &[
        Field { name: "method", sig: "string", doc: "`GET` and the like." },
        Field { name: "url", sig: "string", doc: "The whole URL, without credentials." },
        Field { name: "body_length", sig: "integer", doc: "Bytes of the body." },
    ],
};

/// `response.timings`.
pub(super) static TIMINGS: Record = Record {
    name: "Timings",
    doc: "Where a request's time went, in milliseconds. Over redirects and retries each is the sum of its parts.",
    given: false,
    fields: &[
        Field { name: "blocked", sig: "number", doc: "Looking the host name up." },
        Field {
            name: "connecting",
            sig: "number",
            doc: "Making the TCP connection; 0 where one was reused.",
        },
        Field { name: "tls_handshaking", sig: "number", doc: "The TLS handshake; 0 where none was needed." },
        Field { name: "sending", sig: "number", doc: "Writing the request." },
        Field {
            name: "waiting",
            sig: "number",
            doc: "From the request's last byte to the response's first.",
        },
        Field { name: "receiving", sig: "number", doc: "From the response's first byte to its last." },
        Field { name: "duration", sig: "number", doc: "`sending`, `waiting` and `receiving` together." },
    ],
};
