//! Other package managers than npm, installed by npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::command::output;
use super::{BUN, PNPM};
use crate::step::{self, Steps, fresh};

/// pnpm and bun, each in a directory of its own.
#[derive(Clone, Debug)]
pub struct Managers {
    root: PathBuf,
}

impl Managers {
    /// Installs them below `root`, where that is not done yet.
    pub fn prepare(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root)
            .with_context(|| format!("cannot create {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot resolve {}", root.display()))?;
        let _lock = step::lock(&root)?;
        let steps = Steps::new(&root.join("stamps"));
        for (name, version) in [("pnpm", PNPM), ("bun", BUN)] {
            steps.once(&format!("{name}@{version} from npm"), version, || {
                install(&root.join(name), name, version)
            })?;
        }
        Ok(Self { root })
    }

    /// The directory with the command of one, by its name.
    pub fn bin(&self, name: &str) -> PathBuf {
        self.root.join(name).join("node_modules/.bin")
    }
}

/// npm may be told to run no scripts; without its own, each of the two is a program that only says
/// so.
fn install(at: &Path, name: &str, version: &str) -> Result<()> {
    fresh(at)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund"])
        .args(["--ignore-scripts", "--loglevel=error", "--prefix"])
        .arg(at)
        .arg(format!("{name}@{version}"));
    output(&mut npm)?;
    let package = at.join("node_modules").join(name);
    let mut script = Command::new("node");
    output(script.arg("install.js").current_dir(&package))?;
    let program = at.join("node_modules/.bin").join(name);
    output(Command::new(program).arg("--version")).map(drop)
}
