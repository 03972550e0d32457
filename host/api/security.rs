//! `response.tls`: what was agreed on with the server, and who it is. Used by `response`.

use crate::net::Security;
use crate::vu::Kept;

use super::frame::{Arg, Frame, HostResult};
use super::object::{Field, Member, MemberKind, ObjectType, Record};
use super::response::{give, with};

/// It has the number of its response.
pub static TLS: ObjectType = ObjectType {
    name: "Tls",
    doc: "The TLS of a response's connection.",
    members: &[
        Member {
            name: "version",
            sig: "string",
            doc: "`1.2` or `1.3`.",
            kind: MemberKind::Field(|f, n| {
                give(f, n, |kept| of(kept, |tls| Arg::Str(tls.version.as_bytes())))
            }),
        },
        Member {
            name: "cipher",
            sig: "string",
            doc: "The cipher suite, such as `TLS_AES_128_GCM_SHA256`.",
            kind: MemberKind::Field(|f, n| {
                give(f, n, |kept| of(kept, |tls| Arg::Str(tls.cipher.as_bytes())))
            }),
        },
        Member {
            name: "resumed",
            sig: "boolean",
            doc: "Whether an earlier session was resumed when the connection was made.",
            kind: MemberKind::Field(|f, n| give(f, n, |kept| of(kept, |tls| Arg::Bool(tls.resumed)))),
        },
        Member {
            name: "peer",
            sig: "Certificate?",
            doc: "The server's certificate.",
            kind: MemberKind::Field(peer),
        },
    ],
    close: None,
    lookup: None,
    entries: None,
    items: None,
    keeps: false,
};

/// `response.tls.peer`.
pub(super) static PEER: Record = Record {
    name: "Certificate",
    doc: "A server's certificate.",
    given: false,
    fields: &[
        Field { name: "subject", sig: "string", doc: "Whose it is: `CN=api.example.com,O=Example`." },
        Field { name: "issuer", sig: "string", doc: "Who signed it." },
        Field { name: "expiry", sig: "integer", doc: "When it expires, in seconds since the epoch." },
    ],
};

fn of<'k>(kept: &'k Kept, read: impl FnOnce(&'k Security) -> Arg<'k>) -> Arg<'k> {
    kept.response.security.as_deref().map_or(Arg::Nil, read)
}

fn peer(frame: &dyn Frame, number: u64) -> HostResult {
    let peer = with(frame, number, |kept| kept.response.security.as_ref().and_then(|tls| tls.peer()))?;
    let Some(peer) = peer else {
        frame.give(Arg::Nil);
        return Ok(());
    };
    frame.give_map(&mut |put| {
        put("subject", Arg::Str(peer.subject.as_bytes()));
        put("issuer", Arg::Str(peer.issuer.as_bytes()));
        put("expiry", Arg::Int(peer.expiry));
        Ok(())
    })
}
