//! The bun that keeps OpenClaw.
//!
//! bun 1.4 has one directory for all global packages, with their dependencies side by side. So the
//! others are copied as they are, and bun changes OpenClaw in the copy.

use std::path::{Path, PathBuf};

use exuvia_host::{Command, EntryKind, Host, Links};
use exuvia_model::Version;
use exuvia_openclaw::Install;

use super::program::{self, PATIENCE};
use super::project::{self, Project};
use crate::{Plan, Trouble};

/// The first whose lock file is text (its release notes).
const FIRST: &str = "1.2.0";
/// What bun installs commands of a project into, which the global one has not.
const COMMANDS: &str = "node_modules/.bin";

/// A bun.
pub(super) struct Bun<'b> {
    host: &'b dyn Host,
    install: &'b Install,
    /// `$BUN_INSTALL`.
    home: Option<PathBuf>,
    program: PathBuf,
}

impl<'b> Bun<'b> {
    /// One that understands the records of this tree.
    pub(super) fn find(
        host: &'b dyn Host,
        install: &'b Install,
        tree: &Path,
    ) -> Result<Self, Trouble> {
        let home = tree.ends_with("install/global");
        let home = home.then(|| tree.ancestors().nth(2)).flatten();
        let own: Vec<PathBuf> = home.iter().map(|home| home.join("bin")).collect();
        let program = program::named(host, install, "bun", &own)?.next();
        let program = program.ok_or_else(|| {
            Trouble::new(format!(
                "OpenClaw was installed by bun into {}, and no bun was found; put it on the PATH",
                tree.display()
            ))
        })?;
        let bun = Self {
            host,
            install,
            home: home.map(Path::to_owned),
            program,
        };
        let said = host.run(&bun.command(tree)?.arg("--version"))?;
        let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        let (found, first) = (said.parse::<Version>().ok(), FIRST.parse::<Version>().ok());
        if found.is_some() && found >= first {
            return Ok(bun);
        }
        Err(Trouble::new(format!(
            "{} says that it is {said:?}, and {} was made by bun {FIRST} or later; run `bun upgrade`",
            bun.program.display(),
            tree.display()
        )))
    }

    /// Makes a copy of the live tree, with the other version in it.
    pub(super) fn stage(&self, plan: &Plan) -> Result<(), Trouble> {
        let (live, tree) = (&plan.live, &plan.beside);
        if let Some(aside) = tree.parent() {
            self.host.create_private_dir(aside)?;
        }
        let copy = Command::new("cp").arg("-a").arg(live).arg(tree);
        let what = format!("copy {}", live.display());
        program::run(self.host, &copy.timeout(PATIENCE), "cp", &what)?;
        let (exact, range) = (
            plan.to.to_string(),
            Project::read(self.host, live)?.range(&plan.to)?,
        );
        let package = format!("openclaw@{exact}");
        self.change(plan, &["add", &package])?;
        if range != exact {
            // What the lock file has is kept where it is in the range.
            Project::read(self.host, tree)?.write(self.host, tree, &range)?;
            self.change(plan, &["install"])?;
        }
        let had = self.host.metadata(&live.join(COMMANDS), Links::Refuse);
        if had.is_ok_and(|meta| meta.kind == EntryKind::Directory) {
            return Ok(());
        }
        Ok(self.host.remove_tree(&tree.join(COMMANDS))?)
    }

    fn change(&self, plan: &Plan, words: &[&str]) -> Result<(), Trouble> {
        let command = self.command(&plan.beside)?.args(words.iter().copied());
        let command = command.arg("--ignore-scripts");
        let what = format!("install openclaw@{}", plan.to);
        program::run(self.host, &command, "bun", &what)
    }

    fn command(&self, dir: &Path) -> Result<Command, Trouble> {
        let path = program::path(self.host, self.install, &[])?;
        let command = Command::new(&self.program).env("PATH", path);
        let command = command.directory(dir).timeout(PATIENCE);
        Ok(match &self.home {
            Some(home) => command.env("BUN_INSTALL", home),
            None => command,
        })
    }
}

/// The packages of a tree whose scripts may run, by where they lie in it.
pub(super) fn allowed(host: &dyn Host, tree: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let trusted = Project::read(host, tree)?.names("trustedDependencies");
    let places = trusted
        .into_iter()
        .map(|name| Path::new("node_modules").join(name));
    let is_there = |place: &PathBuf| project::version(host, &tree.join(place)).is_some();
    Ok(places.filter(is_there).collect())
}
