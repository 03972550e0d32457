//! What goes wrong outside e2e: in scripts, on the command line, in configuration,
//! on the network, at the result paths, by signals. Each has a clear message and a
//! documented exit code, and loses nothing that was recorded.

mod checked;
mod commands;
mod environments;
mod guarded;
mod network;
mod outputs;
mod raised;
mod scripts;
mod signals;
