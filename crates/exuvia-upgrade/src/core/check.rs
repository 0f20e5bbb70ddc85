//! Gate 1: whether it may be done at all. Changes nothing but a scratch directory.

use std::path::Path;

use exuvia_host::Host;
use exuvia_model::install::PackageManager;
use exuvia_model::probe::verdict;
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::{Part, Vitals};
use exuvia_openclaw::Install;

use super::Core;
use crate::tree::TreeId;
use crate::{Generations, Trouble};

/// Room that is wanted besides that of the tree that is staged, in bytes: snapshots and logs.
const SPARE: u64 = 512 << 20;
/// Room for the new tree, in bytes: OpenClaw 2026.9.5 takes 577 MB.
const TREE: u64 = 1 << 30;

/// Why a package cannot be replaced, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("no OpenClaw package was found for this install; name the install with --install")]
    NoPackage,
    /// Something else than npm put it there.
    #[error(
        "OpenClaw was installed {}, and only what npm installed with -g can be exchanged. By hand: \
         `exuvia snapshot create --name before-openclaw`, {}, `exuvia restart`; the snapshot leads \
         back to the state, and that command to the version", manager(*.0), by_hand(*.0)
    )]
    Manager(PackageManager),
    /// It is somebody else's.
    #[error(
        "{package} cannot be replaced by this user; run exuvia as the user who owns it, or move \
         OpenClaw to a prefix of your own: npm config set prefix ~/.npm-global"
    )]
    NotWritable {
        /// The package.
        package: String,
    },
}

fn manager(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "by npm",
        PackageManager::Pnpm => "by pnpm",
        PackageManager::Bun => "by bun",
        PackageManager::Git => "from a git checkout",
        PackageManager::Unknown => "in a way that could not be recognised",
    }
}

fn by_hand(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "`npm install -g openclaw@VERSION`",
        PackageManager::Pnpm => "`pnpm add -g openclaw@VERSION`",
        PackageManager::Bun => "`bun add -g openclaw@VERSION`",
        PackageManager::Git => "`openclaw update` (or `git checkout` of the tag, and its build)",
        PackageManager::Unknown => "upgrade it as it was installed",
    }
}

/// Whether the package of an install is one that can be exchanged, and where it is.
pub fn may_be_replaced(host: &dyn Host, install: &Install) -> Result<std::path::PathBuf, Refusal> {
    let live = install.package_root.clone().ok_or(Refusal::NoPackage)?;
    if install.package_manager != PackageManager::Npm {
        return Err(Refusal::Manager(install.package_manager));
    }
    let holds = live.parent().is_some_and(|dir| host.is_writable(dir));
    if !holds {
        let package = live.display().to_string();
        return Err(Refusal::NotWritable { package });
    }
    Ok(live)
}

impl Core {
    pub(super) async fn check(&mut self) -> Result<(), Trouble> {
        self.check_package()?;
        self.check_room()?;
        if self.plan.kind != Kind::Rehearsal {
            self.check_exchange()?;
        }
        match self.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => drop(self.promised().await?),
            Kind::Rollback => self.check_generation()?,
        }
        if self.plan.kind != Kind::Rehearsal {
            self.upgrades.restarts.secure_overseer().await?;
        }
        self.check_health().await?;
        let old_tree = TreeId::of(self.upgrades.host.as_ref(), &self.plan.live)?;
        self.learn(|facts| facts.old_tree = old_tree)
    }

    fn check_package(&self) -> Result<(), Trouble> {
        let (host, install) = (self.upgrades.host.as_ref(), &self.upgrades.install);
        let live = may_be_replaced(host, install)?;
        let (from, to) = (&self.from, &self.to);
        let found = install.package_version(host);
        if live != self.plan.live || found.as_ref().and_then(|it| it.version()) != Some(from) {
            return Err(Trouble::new(format!(
                "{} is no longer the OpenClaw {from} that the report is about; run `exuvia check` \
                 again",
                self.plan.live.display()
            )));
        }
        if self.plan.kind != Kind::Rollback && to <= from {
            return Err(Trouble::new(format!(
                "{to} is not newer than {from}; `exuvia rollback` goes back, with the state that \
                 belongs to it"
            )));
        }
        self.check_past()
    }

    /// A report may be older than what happened here.
    pub(crate) fn check_past(&self) -> Result<(), Trouble> {
        if self.plan.kind == Kind::Rollback {
            return Ok(());
        }
        let to = &self.plan.to;
        let known = self.documents().known_bad()?;
        match known.find(&self.plan.asset, to) {
            None => Ok(()),
            Some(bad) => Err(Trouble::new(format!(
                "{to} {}{}; wait for the next version, or take it off the list: `exuvia unblock \
                 {}@{to}`",
                if bad.is_of_user() {
                    "was blocked by you"
                } else {
                    "failed here before"
                },
                bad.run
                    .as_ref()
                    .map_or_else(String::new, |run| format!(" (`exuvia history {run}`)")),
                self.plan.asset,
            ))),
        }
    }

    fn check_room(&self) -> Result<(), Trouble> {
        let Some(dir) = self.plan.live.parent() else {
            return Ok(());
        };
        let wanted = match self.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => TREE + SPARE,
            Kind::Rollback => SPARE,
        };
        for dir in [dir, self.upgrades.home.root()] {
            let free = self.upgrades.disk.open_dir(dir)?.free_space()?;
            if free < wanted {
                return Err(Trouble::new(format!(
                    "{} has {} MB free and {} MB may be needed; make room (`exuvia snapshot prune`)",
                    dir.display(),
                    free >> 20,
                    wanted >> 20
                )));
            }
        }
        Ok(())
    }

    /// Whether this file system exchanges directories in one step: tried, not guessed.
    fn check_exchange(&self) -> Result<(), Trouble> {
        let dir = self.plan.live.parent().unwrap_or(Path::new("/"));
        self.upgrades.disk.open_dir(dir)?.can_exchange()?;
        Ok(())
    }

    fn check_generation(&mut self) -> Result<(), Trouble> {
        let (host, home) = (self.upgrades.host.clone(), &self.upgrades.home);
        let generations = Generations::read(host.as_ref(), home, &self.upgrades.install.id())?;
        let undone = self.plan.undoes.as_ref();
        let generation = undone
            .and_then(|run| generations.of_run(run))
            .ok_or_else(|| Trouble::new("what the rollback leads to is not kept any more"))?
            .clone();
        let other = self.plan.other();
        if TreeId::of(host.as_ref(), &other)? != Some(generation.tree) {
            return Err(Trouble::new(format!(
                "the package of {} is no longer at {}",
                generation.version,
                other.display()
            )));
        }
        self.learn(|facts| {
            facts.new_tree = Some(generation.tree);
            facts.adopts = generation.snapshot;
            facts.wanted = generation.vitals;
        })
    }

    /// An upgrade begins with a gateway that works and whose vitals are known: otherwise it could
    /// not be told afterwards what was lost. Going back must be possible with one that is broken,
    /// and does not wait for OpenClaw's own checks of it.
    pub(crate) async fn check_health(&mut self) -> Result<(), Trouble> {
        let vitals = self.vitals().await;
        if self.plan.kind != Kind::Rollback {
            self.works_and_is_known(&vitals).await?;
        }
        self.learn(|facts| facts.before = Some(vitals))
    }

    async fn works_and_is_known(&self, vitals: &Vitals) -> Result<(), Trouble> {
        let examined = self.examiner.examine(None).await;
        let verdict = verdict(&examined.probed);
        if !verdict.is_good() {
            return Err(Trouble::new(format!(
                "the gateway does not work as it is: {verdict}; `exuvia doctor` says what to do, \
                 `exuvia gateway start` starts it"
            )));
        }
        match unknown(vitals) {
            None => Ok(()),
            Some((what, why)) => Err(Trouble::new(format!(
                "the {what} of the install could not be read ({why}), so a loss could not be seen"
            ))),
        }
    }
}

/// The first part of the vitals that is not known, and why.
pub(super) fn unknown(vitals: &Vitals) -> Option<(&'static str, String)> {
    fn why<T>(part: &Part<T>) -> Option<String> {
        match part {
            Part::Known(_) => None,
            Part::Unknown(why) => Some(why.clone()),
        }
    }
    [
        ("plugins", why(&vitals.plugins)),
        ("skills", why(&vitals.skills)),
        ("cron jobs", why(&vitals.cron)),
        ("sessions", why(&vitals.sessions)),
        ("configuration", why(&vitals.config)),
    ]
    .into_iter()
    .find_map(|(what, why)| Some((what, why?)))
}
