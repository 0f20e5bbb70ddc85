//! The dependencies' licences, advisories and sources.

use std::process::Stdio;

use anyhow::Result;

use crate::run::{cargo, show};

pub(crate) fn run() -> Result<()> {
    let mut version = cargo(&["deny", "--version"]);
    let present = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !present.is_ok_and(|status| status.success()) {
        eprintln!("cargo-deny is not installed; building it takes some minutes, once");
        show(&mut cargo(&["install", "cargo-deny", "--locked"]))?;
    }
    show(&mut cargo(&["deny", "check"]))
}
