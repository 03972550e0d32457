//! The `e2e` command.

/// A third of a task's time went to malloc and free with the system's allocator.
#[global_allocator]
static ALLOCATOR: e2e::app::Allocator = e2e::app::Allocator;

fn main() -> std::process::ExitCode {
    e2e::app::main()
}
