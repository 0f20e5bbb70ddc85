//! What is refused before anything changes, and what is said.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};
use exuvia_model::Version;
use exuvia_openclaw::Install;
use exuvia_openclaw::config::{Agent, Config};
use exuvia_store::Snapshot;

use crate::context::{PackageIdentity, package};
use crate::{Context, RecoveryError, Scope};

pub(super) fn refuse_links(host: &dyn Host, state_dir: &Path) -> Result<(), RecoveryError> {
    let what = match host.metadata(state_dir, Links::Refuse)?.kind {
        EntryKind::Directory => return Ok(()),
        EntryKind::Symlink => "a symbolic link",
        EntryKind::File | EntryKind::Other => "not a directory",
    };
    Err(RecoveryError::NotADirectory {
        state_dir: state_dir.to_owned(),
        what,
    })
}

/// How the package that is there stands to the one of the snapshot.
enum Standing {
    Same,
    Newer,
    Older,
    Unknown(&'static str),
}

/// Refuses an older package than the snapshot's: its databases may have moved on, and OpenClaw
/// refuses those of a later version (seen: `gateway run` and `sessions` of 9.5 on state of 9.6).
pub(super) fn compare_packages(
    host: &dyn Host,
    install: &Install,
    snapshot: &Snapshot,
    context: Option<&Context>,
    force: bool,
    warnings: &mut Vec<String>,
) -> Result<(), RecoveryError> {
    let had = context.and_then(|context| context.package.as_ref());
    let has = package(host, install);
    let (then, now) = (told(had), told(has.as_ref()));
    match standing(had, has.as_ref()) {
        Standing::Same => {}
        Standing::Newer => warnings.push(format!(
            "it was taken with OpenClaw {then}, and {now} is installed: that will migrate \
             the databases when it starts"
        )),
        Standing::Older if force => warnings.push(format!(
            "it was taken with OpenClaw {then}, and {now} is installed, which will refuse \
             databases of a later version"
        )),
        Standing::Older => {
            return Err(RecoveryError::OlderPackage {
                snapshot: snapshot.id.clone(),
                had: then,
                has: now,
            });
        }
        Standing::Unknown(why) if force => {
            warnings.push(format!("OpenClaw may refuse its databases: {why}"));
        }
        Standing::Unknown(why) => {
            return Err(RecoveryError::UnknownPackage {
                snapshot: snapshot.id.clone(),
                why,
            });
        }
    }
    Ok(())
}

fn told(package: Option<&PackageIdentity>) -> String {
    package
        .and_then(|package| package.version.clone())
        .unwrap_or_else(|| "of an unknown version".to_owned())
}

fn standing(had: Option<&PackageIdentity>, has: Option<&PackageIdentity>) -> Standing {
    let Some(had) = had else {
        return Standing::Unknown("it does not say which package it was taken with");
    };
    let Some(has) = has else {
        return Standing::Unknown("no package was found for this install");
    };
    let reads = |(name, version): (&String, &u32)| {
        has.schema_versions
            .get(name)
            .is_none_or(|known| known >= version)
    };
    if !had.schema_versions.iter().all(reads) {
        return Standing::Older;
    }
    if had.version.is_some() && had.version == has.version {
        return Standing::Same;
    }
    let parse = |package: &PackageIdentity| package.version.as_ref()?.parse::<Version>().ok();
    match (parse(had), parse(has)) {
        (Some(had), Some(has)) if has < had => Standing::Older,
        (Some(_), Some(_)) => Standing::Newer,
        _ => Standing::Unknown("a package does not say its version"),
    }
}

/// Tells what the snapshot does not have.
pub(super) fn warn_of_gaps(
    snapshot: &Snapshot,
    context: Option<&Context>,
    warnings: &mut Vec<String>,
) {
    let outside = context.map_or(&[][..], |context| &context.outside);
    if !outside.is_empty() {
        warnings.push(format!(
            "these belong to it, are not in the snapshot, and stay as they are: {}",
            list(outside)
        ));
    }
    if !snapshot.unstable.is_empty() {
        warnings.push(format!(
            "these were being written when it was taken, and may be torn: {}",
            list(&snapshot.unstable)
        ));
    }
    if !snapshot.lost.is_empty() {
        warnings.push(format!(
            "these were lost by damage to the store, and will be removed: {}",
            list(&snapshot.lost)
        ));
    }
}

pub(super) fn warn_of_foreign(context: &Context, warnings: &mut Vec<String>) {
    warnings.push(format!(
        "it is of {}: paths that OpenClaw keeps in its databases and configuration lead there, and \
         the definition of the service stays as it is",
        context.state_dir.display()
    ));
}

/// Tells whose workspace goes back too, though only one agent is meant.
pub(super) fn warn_of_shared(
    host: &dyn Host,
    install: &Install,
    scope: &Scope,
    warnings: &mut Vec<String>,
) {
    let Scope::Agent(id) = scope else { return };
    let agents = Config::read(host, install).agents(host, install);
    let real = |agent: &Agent| {
        let path = &agent.workspace;
        host.canonicalize(path).unwrap_or_else(|_| path.clone())
    };
    let Some(own) = agents
        .iter()
        .find(|agent| agent.id == id.as_str())
        .map(real)
    else {
        return;
    };
    for other in agents.iter().filter(|agent| agent.id != id.as_str()) {
        let theirs = real(other);
        if theirs.starts_with(&own) || own.starts_with(&theirs) {
            warnings.push(format!(
                "agent {} works in {}, which goes back too",
                other.id,
                theirs.display()
            ));
        }
    }
}

/// Whether what OpenClaw has on record of the agent's workspaces goes back with it.
pub(super) fn can_attest(
    host: &dyn Host,
    install: &Install,
    context: &Context,
    warnings: &mut Vec<String>,
) -> bool {
    let Some(attestation) = &context.attestation else {
        return false;
    };
    let fits = attestation.fits(host, install);
    if !fits {
        warnings.push(
            "the shared database is of another version than then: what it has on record of the \
             agent's workspace stays as it is, and OpenClaw may refuse the workspace for a day"
                .to_owned(),
        );
    }
    fits
}

fn list(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = paths
        .iter()
        .take(SHOWN)
        .map(|path| path.display().to_string())
        .collect();
    if let Some(more) = paths.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
