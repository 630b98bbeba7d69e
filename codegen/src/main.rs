//! The maintainers' command.
fn main() {}
