//! Globals that scripts will have, but not in this version. Asked by the engines where a name is unknown.

/// What to say about `name`.
pub fn later(name: &str) -> Option<String> {
    match name {
        "grpc" | "GrpcUser" => Some(format!(
            "`{name}` is not in this version: there is no gRPC yet; test what the service offers over HTTP with HttpUser"
        )),
        _ => None,
    }
}
