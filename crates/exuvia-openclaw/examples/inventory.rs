//! Takes the inventory of the install in force, prints it, and says on standard error how long
//! finding and reading took.
//!
//! `cargo run --release -p exuvia-openclaw --example inventory [-- PATH]`; PATH is what `--install`
//! takes.

use exuvia_host::{Host, SystemHost};
use exuvia_openclaw::{LocateError, LocateOptions, locate, take_inventory};

fn main() -> Result<(), LocateError> {
    let host = SystemHost::new();
    let options = LocateOptions {
        install: std::env::args_os().nth(1).map(Into::into),
        profile: None,
    };
    let install = locate(&host, &options)?;
    let located = host.elapsed();
    let inventory = take_inventory(&host, &install);
    let taken = host.elapsed().saturating_sub(located);
    println!(
        "{}",
        serde_json::to_string_pretty(&inventory).unwrap_or_default()
    );
    eprintln!("found in {located:?}, read in {taken:?}");
    Ok(())
}
