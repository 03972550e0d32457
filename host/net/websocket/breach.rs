//! What broke a socket, for people and for the server. Used by `pump`.

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::net::error::{Error, ErrorKind};

/// What ended a socket, other than a close frame, and the code to tell the server, if it can be told.
pub(super) fn explain(error: tungstenite::Error) -> (Error, Option<u16>) {
    use tungstenite::error::{CapacityError, ProtocolError};
    match error {
        tungstenite::Error::Io(error) => {
            let error = Error::of_io(&error);
            let text = error.text.replace(" before it answered", "");
            (Error { text, ..error }, None)
        }
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            (Error::new(ErrorKind::Closed, "the server closed the connection without a close frame"), None)
        }
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let text = format!("a message of {size} bytes is larger than {max_size} (max_message)");
            (Error::new(ErrorKind::TooLarge, text), Some(1009))
        }
        tungstenite::Error::Utf8(_) => {
            (Error::new(ErrorKind::Protocol, "the server sent a text that is not UTF-8"), Some(1007))
        }
        error => {
            let text = format!("the server broke the WebSocket protocol: {error}");
            let text = text.replace("WebSocket protocol error: ", "").to_owned();
            (Error::new(ErrorKind::Protocol, text), Some(1002))
        }
    }
}

/// Whether the server's close frame had a code that no frame may have: the library puts this in its place, and answers
/// with it.
pub(super) fn is_illegal(close: &CloseFrame) -> bool {
    close.code == CloseCode::Protocol && close.reason.as_str() == "Protocol violation"
}

/// RFC 6455, 7.4: codes below 1000 are in no frame, nor are 1005, 1006, 1015 and those that are reserved.
pub(super) fn illegal_code() -> Error {
    let text = "the server broke the WebSocket protocol: its close frame has a code that no frame may have";
    Error::new(ErrorKind::Protocol, text)
}
