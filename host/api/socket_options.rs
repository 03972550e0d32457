//! The options of `ws.connect`, as the reference describes them; `websocket` and `lines` read them.

use super::object::{Field, Record};

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
        Field {
            name: "params",
            sig: "table<string, Plain|Plain[]>",
            doc: "Added to the URL's query, in the order of their names.",
        },
        Field { name: "headers", sig: "table<string, Plain|Plain[]>", doc: "Headers of the handshake." },
        Field {
            name: "cookies",
            sig: "table<string, Plain>",
            doc: "Cookies for the handshake alone; the VU's own are sent anyway.",
        },
        Field { name: "auth", sig: "string[]", doc: "Basic authentication: `{ user, password }`." },
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
        Field { name: "name", sig: "string", doc: "What it counts under, instead of its path and query." },
        Field {
            name: "tags",
            sig: "table<string, Plain>",
            doc: "Tags of its metrics (`ws_sessions` and the others).",
        },
        Field {
            name: "verify",
            sig: "boolean",
            doc: "Whether the server's certificate is checked (else `settings.tls.verify`).",
        },
    ],
};
