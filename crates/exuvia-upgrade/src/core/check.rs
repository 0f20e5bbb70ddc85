//! Gate 1: whether it may be done at all. Changes nothing but a scratch directory.

use std::path::Path;
use std::sync::Arc;

use exuvia_host::Host;
use exuvia_model::install::PackageManager;
use exuvia_model::probe::{Verdict, verdict};
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::{Part, Vitals};
use exuvia_openclaw::{Held, Install};

use super::{Core, manager as managers};
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
    /// It was put there in a way in which it cannot be exchanged.
    #[error(
        "OpenClaw was installed {}, and only what npm, pnpm (11 and later) or bun (1.2 and later) \
         installed with -g can be exchanged. By hand: `exuvia snapshot create --name \
         before-openclaw`, {}, `exuvia restart`; the snapshot leads back to the state, and that \
         command to the version", manager(*.0), by_hand(*.0)
    )]
    Manager(PackageManager),
    /// It is somebody else's.
    #[error(
        "{package} cannot be replaced by this user; run exuvia as the user who owns it, or move \
         OpenClaw to a place of your own: {}", own_place(*.manager)
    )]
    NotWritable {
        /// The package.
        package: String,
        /// What put it there.
        manager: PackageManager,
    },
}

fn manager(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "by npm",
        PackageManager::Pnpm => "by a pnpm before 11, or for a project",
        PackageManager::Bun => "by a bun that left no bun.lock",
        PackageManager::Git => "from a git checkout",
        PackageManager::Unknown => "in a way that could not be recognised",
    }
}

fn by_hand(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Npm => "`npm install -g openclaw@VERSION`",
        PackageManager::Pnpm => "`pnpm self-update`, `pnpm add -g openclaw@VERSION`",
        PackageManager::Bun => "`bun upgrade`, `bun add -g openclaw@VERSION`",
        PackageManager::Git => "`openclaw update` (or `git checkout` of the tag, and its build)",
        PackageManager::Unknown => "upgrade it as it was installed",
    }
}

fn own_place(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Pnpm => "`pnpm setup`, then `pnpm add -g openclaw` as this user",
        PackageManager::Bun => "`BUN_INSTALL=~/.bun bun add -g openclaw` as this user",
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => {
            "npm config set prefix ~/.npm-global"
        }
    }
}

/// Whether the package of an install is one that can be exchanged, and the tree that holds it.
pub fn may_be_replaced(host: &dyn Host, install: &Install) -> Result<Held, Refusal> {
    let manager = install.package_manager;
    let package = install.package_root.as_ref().ok_or(Refusal::NoPackage)?;
    let held = install.held(host).ok_or(Refusal::Manager(manager))?;
    let holds = |path: &Path| path.parent().is_some_and(|dir| host.is_writable(dir));
    if holds(&held.tree) && holds(&held.aside) {
        return Ok(held);
    }
    Err(Refusal::NotWritable {
        package: package.display().to_string(),
        manager,
    })
}

impl Core {
    pub(super) async fn check(&mut self) -> Result<(), Trouble> {
        self.check_package()?;
        self.check_room()?;
        if self.plan.kind != Kind::Rehearsal {
            self.check_exchange()?;
        }
        match self.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => {
                self.check_manager().await?;
                self.promised().await?;
            }
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
        let held = may_be_replaced(host, install)?;
        let (from, to) = (&self.from, &self.to);
        let found = install.package_version(host);
        if held.tree != self.plan.live || found.as_ref().and_then(|it| it.version()) != Some(from) {
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
        if self.plan.beside.parent() != Some(&held.aside) {
            return Err(Trouble::new(format!(
                "what would take its place is at {}, and OpenClaw lies at {} now; it was installed \
                 anew in between, so that tree is none of it",
                self.plan.beside.display(),
                held.tree.display()
            )));
        }
        Ok(self.upgrades.must_allow_plan(&self.plan)?)
    }

    /// Whether the package manager is there that made the live tree.
    async fn check_manager(&self) -> Result<(), Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        let (install, plan) = (self.upgrades.install.clone(), Arc::clone(&self.plan));
        let checked =
            tokio::task::spawn_blocking(move || managers::check(host.as_ref(), &install, &plan));
        checked.await?
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
        managers::must_be_the_same(host.as_ref(), &self.plan)?;
        self.learn(|facts| {
            facts.new_tree = Some(generation.tree);
            facts.adopts = generation.snapshot;
            facts.wanted = generation.vitals;
        })
    }

    /// An upgrade begins with a gateway that works and whose vitals are known: otherwise it could
    /// not be told afterwards what was lost. Going back must be possible with one that is broken.
    pub(crate) async fn check_health(&mut self) -> Result<(), Trouble> {
        let vitals = self.vitals().await;
        if self.plan.kind != Kind::Rollback {
            let examined = self.examiner.examine_running().await;
            must_work(&verdict(&examined.probed))?;
            if let Some((what, why)) = unknown(&vitals) {
                return Err(Trouble::new(format!(
                    "the {what} of the install could not be read ({why}), so a loss could not be \
                     seen"
                )));
            }
        }
        self.learn(|facts| facts.before = Some(vitals))
    }

    /// The same of OpenClaw's own checks, which keep a processor busy for ten seconds and more.
    pub(crate) async fn check_live(&self) -> Result<(), Trouble> {
        must_work(&self.own_verdict().await)
    }
}

fn must_work(verdict: &Verdict) -> Result<(), Trouble> {
    if verdict.is_good() {
        return Ok(());
    }
    Err(Trouble::new(format!(
        "OpenClaw does not work as it is: {verdict}; `exuvia doctor` says what to do"
    )))
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
