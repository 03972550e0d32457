//! The gRPC half of the documents service: the methods of `examples/proto`, reflection and health. Built by `server`;
//! the work is done by `store`.

mod descriptors;
mod failure;
mod messages;
mod routes;
mod service;
mod shapes;
mod streams;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub(super) use routes::serve;
