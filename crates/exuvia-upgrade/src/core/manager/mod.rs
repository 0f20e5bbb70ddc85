//! Package managers: the one that put OpenClaw in place stages its next version.
//!
//! What is staged is a whole tree: the package and, of pnpm and bun, what the manager records of it.
//! So whatever the manager is asked afterwards, it finds the records of what is live
//! (docs/decisions/0007).

mod bun;
mod launcher;
pub(crate) mod npm;
mod others;
mod pnpm;
mod program;
mod project;
mod scripts;

use exuvia_host::disk::Disk;
use exuvia_host::{Command, Host};
use exuvia_model::install::PackageManager;
use exuvia_openclaw::Install;

use crate::{Plan, Trouble};

pub(super) use others::must_be_the_same;

/// Whether the manager is there, and the one that keeps this tree; changes nothing.
pub(super) fn check(host: &dyn Host, install: &Install, plan: &Plan) -> Result<(), Trouble> {
    match plan.manager() {
        PackageManager::Pnpm => {
            pnpm::Pnpm::find(host, install, &plan.live)?;
            launcher::must_be_writable(host, &plan.live)
        }
        PackageManager::Bun => bun::Bun::find(host, install, &plan.live).map(drop),
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => Ok(()),
    }
}

/// Has the manager make the other tree, with the other version in it, running no script.
pub(super) fn stage(
    host: &dyn Host,
    disk: &Disk,
    install: &Install,
    plan: &Plan,
) -> Result<(), Trouble> {
    host.remove_tree(&plan.beside)?;
    match plan.manager() {
        PackageManager::Pnpm => pnpm::Pnpm::find(host, install, &plan.live)?.stage(disk, plan),
        PackageManager::Bun => bun::Bun::find(host, install, &plan.live)?.stage(plan),
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => {
            npm::stage(host, install, plan)
        }
    }
}

/// What the manager would have run after it had put the files in place.
pub(super) fn scripts(
    host: &dyn Host,
    install: &Install,
    plan: &Plan,
) -> Result<Vec<Command>, Trouble> {
    match plan.manager() {
        PackageManager::Pnpm => scripts::of(host, install, plan, pnpm::allowed),
        PackageManager::Bun => scripts::of(host, install, plan, bun::allowed),
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => {
            Ok(vec![npm::rebuild(host, install, &plan.beside)?])
        }
    }
}

/// Has what names the live tree by its version name that which is live now. Done twice it is done
/// once.
pub(super) fn follow(host: &dyn Host, plan: &Plan) -> Result<(), Trouble> {
    match plan.manager() {
        PackageManager::Pnpm => launcher::renew(host, plan),
        PackageManager::Npm
        | PackageManager::Bun
        | PackageManager::Git
        | PackageManager::Unknown => Ok(()),
    }
}
