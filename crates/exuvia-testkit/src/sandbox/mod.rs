//! The real OpenClaw in a sandbox: real packages from npm, installed by the real clients.
//!
//! A sandbox is a directory that is prepared once and reused: every step leaves a stamp with what
//! it was made from, and a step whose stamp fits is skipped. Preparing holds a lock, so that
//! concurrent test binaries wait for the first instead of each installing OpenClaw.
//!
//! ```text
//! <root>/tools/…       Node 24 (if the machine's is too old), openclaw and, once a test wants it,
//!                      its next release, the clawhub CLI
//! <root>/remotes/…     git remotes of the git plugin and the cloned skill
//! <root>/linked/…      the locally linked plugin
//! <root>/template      HOME of the install, with ~/.openclaw; only ever copied
//! <root>/home          a copy to play with, which `cargo xtask demo` checks
//! <root>/stamps/…      what was finished, and from what; those of template/ apart
//! ```

mod assets;
mod broken;
mod changelog;
mod client;
mod command;
mod gateway;
mod home;
mod hub;
mod managers;
mod past;
mod tools;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::step;

pub use broken::Broken;
pub use client::Client;
pub use command::output;
pub use gateway::Gateway;
pub use home::Home;
pub use managers::Managers;
pub use past::Past;
pub use tools::Tools;
pub use world::World;

/// The OpenClaw that is installed.
pub const OPENCLAW: &str = "2026.9.5";
/// The release after it, which [`Sandbox::on_next`] installs beside.
pub const NEXT_OPENCLAW: &str = "2026.9.6";
/// The `clawhub` CLI that is installed.
pub const CLAWHUB_CLI: &str = "0.23.3";
/// The pnpm that is installed beside npm.
pub const PNPM: &str = "12.21.0";
/// The bun that is installed beside npm.
pub const BUN: &str = "1.4.5";

/// A prepared sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    root: PathBuf,
    tools: Tools,
    changelogs: Vec<changelog::Section>,
}

impl Sandbox {
    /// Prepares the sandbox at `root`, doing only what is not done yet; says on standard error what
    /// it does and how long that took.
    pub fn prepare(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root)
            .with_context(|| format!("cannot create {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot resolve {}", root.display()))?;
        let _lock = step::lock(&root)?;
        let steps = step::Steps::new(&root.join("stamps"));
        let tools = Tools::install(&root, &steps)?;
        let changelogs = changelog::fetch(&root, &tools, &steps)?;
        let sandbox = Self {
            root,
            tools,
            changelogs,
        };
        assets::install(&sandbox, &steps)?;
        Ok(sandbox)
    }

    /// The same sandbox with the next release of OpenClaw, which is installed the first time. The
    /// template stays what the older one made; the newer one takes it over as after an update.
    pub fn on_next(&self) -> Result<Self> {
        let _lock = step::lock(&self.root)?;
        let steps = step::Steps::new(&self.root.join("stamps"));
        Ok(Self {
            tools: self.tools.next(&steps)?,
            ..self.clone()
        })
    }

    /// The same sandbox with its OpenClaw in a prefix of the caller's own, which may be changed.
    pub fn with_own(&self, prefix: &Path) -> Result<Self> {
        Ok(Self {
            tools: self.tools.copied(prefix)?,
            ..self.clone()
        })
    }

    /// The same with this release in it. The template is of another: start from an empty home.
    pub fn with_own_release(&self, prefix: &Path, version: &'static str) -> Result<Self> {
        Ok(Self {
            tools: self.tools.released(prefix, version)?,
            ..self.clone()
        })
    }

    /// The sandbox's directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Node, OpenClaw and the clawhub CLI.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The install that was prepared. Nothing changes it: take a [`Home::fork`] of it.
    pub fn template(&self) -> Home {
        Home::at(self.root.join("template"))
    }

    /// A fork of the template at `<root>/home`, made once and then left as its user left it.
    pub fn home(&self) -> Result<Home> {
        let home = Home::at(self.root.join("home"));
        let _lock = step::lock(&self.root)?;
        let steps = step::Steps::new(&self.root.join("stamps"));
        steps.once("a home to play with", &assets::edition(&self.root), || {
            step::remove(home.path())?;
            self.template().fork(home.path()).map(drop)
        })?;
        Ok(home)
    }

    /// npm's prefixes of the OpenClaw that made the template and of this one, each with its slash.
    fn prefixes(&self) -> (String, String) {
        let old = self.root.join("tools/openclaw");
        let new = self.tools.openclaw_prefix();
        let text = |path: &Path| format!("{}/", path.display());
        (text(&old), text(&new))
    }

    fn remote(&self, name: &str) -> PathBuf {
        self.root.join("remotes").join(name)
    }
}
