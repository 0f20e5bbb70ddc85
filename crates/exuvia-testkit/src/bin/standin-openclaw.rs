//! A program that behaves as `openclaw` as far as a supervisor can see; see
//! [`exuvia_testkit::gateway::program`].

use std::process::ExitCode;

fn main() -> ExitCode {
    exuvia_testkit::gateway::program::main()
}
