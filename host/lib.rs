//! e2e: a load and end-to-end test runner. The binary is a thin shell around
//! `app::main`; the modules below follow the layout in ARCHITECTURE.md.

pub mod api;
pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod data;
pub mod demo;
pub mod event;
pub mod exit;
pub mod fault;
pub mod link;
pub mod load;
pub mod mask;
pub mod metrics;
pub mod net;
pub mod report;
pub mod run;
pub mod script;
pub mod units;
pub mod vu;
pub mod web;
