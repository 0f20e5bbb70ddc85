//! Who installs the miniature, and where it lies then.

use std::path::{Path, PathBuf};

use crate::install::Install;

/// A package manager. Of pnpm and bun the directory with the program is said; it need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manager {
    /// `npm install --global`.
    Npm,
    /// `pnpm add --global`, with `$PNPM_HOME` in the home.
    Pnpm(PathBuf),
    /// `bun add --global`, with `~/.bun`.
    Bun(PathBuf),
}

impl Manager {
    /// The name of its program.
    pub fn program(&self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm(_) => "pnpm",
            Self::Bun(_) => "bun",
        }
    }

    /// The words that install or replace a package for the whole account.
    pub(super) fn adding(&self, package: &str) -> [String; 3] {
        let word = match self {
            Self::Npm => "install",
            Self::Pnpm(_) | Self::Bun(_) => "add",
        };
        [word, "--global", package].map(str::to_owned)
    }

    /// Its own home in a home.
    pub(super) fn home(&self, home: &Path) -> Option<PathBuf> {
        match self {
            Self::Npm => None,
            Self::Pnpm(_) => Some(home.join("pnpm")),
            Self::Bun(_) => Some(home.join(".bun")),
        }
    }

    /// The directories of its program and of what it installs.
    pub(super) fn path(&self, home: &Path) -> Vec<PathBuf> {
        let own = self.home(home).map(|own| own.join("bin"));
        let program = match self {
            Self::Npm => None,
            Self::Pnpm(bin) | Self::Bun(bin) => Some(bin.clone()),
        };
        own.into_iter().chain(program).collect()
    }

    /// The command that it installed.
    pub(super) fn command(&self, install: &Install) -> PathBuf {
        let own = self.home(&install.home);
        own.unwrap_or_else(|| install.prefix.clone())
            .join("bin/openclaw")
    }

    /// Where it puts the package. pnpm's lies behind a link whose name only pnpm knows.
    pub(super) fn package(&self, install: &Install) -> PathBuf {
        let below = Path::new("node_modules/openclaw");
        match self {
            Self::Npm => install.package.clone(),
            Self::Bun(_) => install.home.join(".bun/install/global").join(below),
            Self::Pnpm(_) => {
                let global = install.home.join("pnpm/global/v11");
                let listed = std::fs::read_dir(&global).expect("pnpm's global packages");
                let mut found = listed
                    .flatten()
                    .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()))
                    .map(|entry| entry.path().join(below))
                    .filter(|package| package.exists());
                found.next().expect("a global package of pnpm's")
            }
        }
    }
}
