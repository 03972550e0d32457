//! The one test binary: behaviour from the outside, through the command and the
//! library's public parts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod cases;
mod ci;
mod cluster;
mod conformance;
mod connections;
mod examples;
mod fairness;
mod fibers;
mod from_k6;
mod from_locust;
mod grpc;
mod image;
mod kubernetes;
mod layers;
mod limits;
mod lives;
mod messages;
mod parity;
mod replies;
mod results;
mod rhai;
mod steering;
mod suites;
mod support;
mod verdict;
mod web;
