//! What is to be done with a skill, and what cannot be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Host, HostError, Links};
use exuvia_model::asset::{ClonedBy, Provenance};
use exuvia_model::report::Entry;
use exuvia_model::upgrade::Kind;
use exuvia_model::{Asset, AssetId, Revision};
use exuvia_openclaw::config::Config;
use exuvia_openclaw::{Install, skill};
use jiff::Timestamp;

use crate::{Generation, KeptSkill, Plan, SkillPlan, Subject};

/// Where what is replaced is kept, below the state directory.
const BACKUPS: &str = "skill-backups";
/// The same beside a skill that lies on another file system. OpenClaw passes over names that begin
/// with a dot.
const BACKUPS_BESIDE: &str = ".exuvia-skill-backups";

/// Why a skill cannot be replaced, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not there any more.
    #[error("{0} is no longer installed; run `exuvia check` again")]
    Gone(AssetId),
    /// The user's own checkout has branches and work of its own.
    #[error("{path} is a git checkout of yours; upgrade it there: `git -C {path} pull --ff-only`")]
    Checkout {
        /// Where it is.
        path: String,
    },
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// The skill of this id, as it lies there now.
pub(super) fn find(host: &dyn Host, install: &Install, id: &AssetId) -> Option<Asset> {
    let config = Config::read(host, install);
    let agents = config.agents(host, install);
    let skills = skill::inventory(host, install, &config, &agents);
    skills.assets.into_iter().find(|asset| asset.id == *id)
}

/// What a skill is at; nothing where it is not there any more.
pub fn revision(host: &dyn Host, install: &Install, id: &AssetId) -> Option<Revision> {
    find(host, install, id)?.revision()
}

/// An upgrade to what an entry of a report offers.
pub fn plan_upgrade(
    host: &dyn Host,
    install: &Install,
    entry: &Entry,
    report: &str,
) -> Result<Plan, Refusal> {
    let update = &entry.update;
    let id = &update.asset_id;
    let asset = find(host, install, id).ok_or_else(|| Refusal::Gone(id.clone()))?;
    if let Provenance::Git {
        cloned_by: ClonedBy::User,
        ..
    } = &asset.provenance
    {
        return Err(Refusal::Checkout { path: asset.path });
    }
    let live = host.canonicalize(Path::new(&asset.path))?;
    let shelf = shelf(host, install, &live, &asset.name)?;
    let now = host.now();
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Upgrade,
        asset: id.clone(),
        subject: Subject::Skill(Box::new(SkillPlan {
            name: asset.name,
            artifact: Some(update.artifact.clone()),
            kept: shelf.join(dated(&update.current, now)),
        })),
        beside: shelf.join(format!(".staged-{}", now.as_millisecond())),
        live,
        from: update.current.clone(),
        to: update.latest.clone(),
        digest: entry.artifact_digest.clone(),
        report: Some(report.to_owned()),
        ahead: false,
        keep: false,
        undoes: None,
        soak: Duration::ZERO,
    })
}

/// The way back to what was kept.
pub fn plan_rollback(host: &dyn Host, generation: &Generation, skill: &KeptSkill) -> Plan {
    let shelf = generation.beside.parent().unwrap_or(Path::new("/"));
    Plan {
        version: Plan::VERSION,
        kind: Kind::Rollback,
        asset: generation.asset.clone(),
        subject: Subject::Skill(Box::new(SkillPlan {
            name: skill.name.clone(),
            artifact: None,
            kept: shelf.join(dated(&generation.replaced_by, host.now())),
        })),
        beside: generation.beside.clone(),
        live: skill.live.clone(),
        from: generation.replaced_by.clone(),
        to: generation.version.clone(),
        digest: None,
        report: None,
        ahead: false,
        keep: false,
        undoes: Some(generation.run.clone()),
        soak: Duration::ZERO,
    }
}

/// The directory for one skill's other versions, on its file system.
fn shelf(host: &dyn Host, install: &Install, live: &Path, name: &str) -> Result<PathBuf, Refusal> {
    let device = |path: &Path| host.metadata(path, Links::Follow).map(|meta| meta.device);
    let is_near = device(&install.state_dir)? == device(live)?;
    let backups = if is_near {
        install.state_dir.join(BACKUPS)
    } else {
        live.with_file_name(BACKUPS_BESIDE)
    };
    Ok(backups.join(plain(name)))
}

/// The name of a directory that keeps a version.
pub(crate) fn dated(version: &Revision, at: Timestamp) -> String {
    let at = at.strftime("%Y%m%dT%H%M%S.%3fZ");
    format!("{}-{at}", plain(&version.short()))
}

/// A text from outside as one part of a path.
pub(crate) fn plain(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '+' | '-' => c,
            '.' => '.',
            _ => '_',
        })
        .take(80)
        .collect();
    match plain.trim_start_matches('.') {
        "" => "skill".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory_or_hides_in_it() {
        for (text, expected) in [
            ("demo", "demo"),
            ("../../etc", "_.._etc"),
            ("..", "skill"),
            ("天气 skill", "___skill"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
