//! Places in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::run::{cargo, show};

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// All programs of the workspace: one of them alone would have its dependencies with fewer features
/// than the tests have them, and so built a second time.
const PROGRAMS: [&str; 3] = ["build", "--workspace", "--bins"];

/// Builds the command and gives its path.
pub(crate) fn build_exuvia() -> Result<PathBuf> {
    show(&mut cargo(&PROGRAMS))?;
    Ok(target().join("debug/exuvia"))
}

/// Builds the command whose upgrades stop for a test between their phases, and gives its path.
pub(crate) fn build_failpoints() -> Result<PathBuf> {
    const FEATURE: [&str; 2] = ["--features", "exuvia/failpoints"];
    show(&mut cargo(&[&PROGRAMS[..], &FEATURE].concat()))?;
    let from = target().join("debug/exuvia");
    let path = target().join("debug/exuvia-failpoints");
    std::fs::copy(&from, &path).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(path)
}
