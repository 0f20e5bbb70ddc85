//! Spaces, on the machine as it is: as root and as an ordinary user.
//!
//! Not the standard harness: a space's first process is this program, which must not have started
//! a thread before it knows that.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods)]

#[cfg(target_os = "linux")]
#[path = "space/mod.rs"]
mod space;

fn main() {
    #[cfg(target_os = "linux")]
    space::main();
}
