//! The options of `ws.connect` and `sse.open`, as the reference describes them; `lines`,
//! `websocket` and `events` read them.

use super::object::{Field, Record};

const PARAMS: Field = Field {
    name: "params",
    sig: "table<string, Plain|Plain[]>",
    doc: "Added to the URL's query, in the order of their names.",
};
const HEADERS: Field =
    Field { name: "headers", sig: "table<string, Plain|Plain[]>", doc: "Headers of the request." };
const COOKIES: Field = Field {
    name: "cookies",
    sig: "table<string, Plain>",
    doc: "Cookies for this request alone; the VU's own are sent anyway.",
};
const AUTH: Field = Field {
    name: "auth",
    sig: "string[]|{ basic?: string[], bearer?: string }",
    doc: "`{ user, password }` or `{ bearer = token }`.",
};
const NAME: Field =
    Field { name: "name", sig: "string", doc: "What it counts under, instead of its path and query." };
const CERT: Field = Field {
    name: "cert",
    sig: "string|string[]",
    doc: "The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`.",
};
const VERIFY: Field = Field {
    name: "verify",
    sig: "boolean",
    doc: "Whether the server's certificate is checked (else `settings.tls.verify`).",
};

pub(super) static SOCKET_OPTIONS: Record = Record {
    name: "SocketOptions",
    doc: "How a WebSocket is opened and counted. An option that does not exist is an error.",
    given: true,
    fields: &[
        Field {
            name: "subprotocols",
            sig: "string|string[]",
            doc: "What the client speaks, the best first; the server chooses one or none.",
        },
        PARAMS,
        HEADERS,
        COOKIES,
        AUTH,
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds that the handshake may take, and later each `send` and `ping` (else \
                  `settings.default_timeout`).",
        },
        Field {
            name: "max_message",
            sig: "integer|string",
            doc: "A longer message of the server closes the socket: bytes, or `\"64KiB\"` (64 MiB).",
        },
        NAME,
        Field {
            name: "tags",
            sig: "table<string, Plain>",
            doc: "Tags of its metrics (`ws_sessions` and the others).",
        },
        VERIFY,
        CERT,
    ],
};

pub(super) static SOURCE_OPTIONS: Record = Record {
    name: "SourceOptions",
    doc: "How an event source is opened and counted. An option that does not exist is an error.",
    given: true,
    fields: &[
        Field {
            name: "reconnect",
            sig: "boolean|integer",
            doc: "Whether it connects again when the stream ends or breaks, as browsers do: true (unless told \
                  otherwise), false, or how often.",
        },
        Field {
            name: "last_event_id",
            sig: "string",
            doc: "Sent as `Last-Event-ID`: the server goes on behind that event.",
        },
        PARAMS,
        HEADERS,
        COOKIES,
        AUTH,
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds until the server answers, each time (else `settings.default_timeout`). Not of the stream.",
        },
        Field {
            name: "max_event",
            sig: "integer|string",
            doc: "A longer event ends the stream: bytes, or `\"64KiB\"` (64 MiB).",
        },
        NAME,
        Field { name: "tags", sig: "table<string, Plain>", doc: "Tags of its metric, `sse_event`." },
        VERIFY,
        CERT,
    ],
};
