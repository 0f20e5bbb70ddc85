//! What a transaction is to do: all of it that was decided before it began.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_model::install::PackageManager;
use exuvia_model::journal::RunId;
use exuvia_model::scan::Artifact;
use exuvia_model::upgrade::Kind;
use exuvia_model::{AssetId, Digest, Revision};
use exuvia_openclaw::package_in;
use serde::{Deserialize, Serialize};

/// What a transaction is to do. The journal keeps it with the run's first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Version of this shape: 1.
    pub version: u32,
    /// Which way it goes.
    pub kind: Kind,
    /// What is replaced.
    pub asset: AssetId,
    /// What kind of thing that is.
    #[serde(default)]
    pub subject: Subject,
    /// The version that is live before.
    pub from: Revision,
    /// The version that is live after.
    pub to: Revision,
    /// The live tree.
    pub live: PathBuf,
    /// The directory that holds the other tree.
    pub beside: PathBuf,
    /// The bytes that were approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The report that they were approved from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Whether `beside` holds what a rehearsal has staged and kept; an upgrade goes on with it, if
    /// it is as it was.
    #[serde(default)]
    pub ahead: bool,
    /// Whether a rehearsal keeps what it has staged.
    #[serde(default)]
    pub keep: bool,
    /// The run that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// How long the new version must hold out before it counts as good.
    pub soak: Duration,
}

impl Plan {
    /// The shape that is written now.
    pub const VERSION: u32 = 1;

    /// The other tree: where npm puts a package below the prefix that `beside` is, or that
    /// directory itself.
    pub fn other(&self) -> PathBuf {
        match &self.subject {
            Subject::Core(core) => other(core.manager, &self.beside, &self.live),
            Subject::Skill(_) | Subject::Extension(_) => self.beside.clone(),
        }
    }

    /// What put OpenClaw in place, where it is what is replaced.
    pub(crate) fn manager(&self) -> PackageManager {
        match &self.subject {
            Subject::Core(core) => core.manager,
            Subject::Skill(_) | Subject::Extension(_) => PackageManager::Npm,
        }
    }

    /// OpenClaw's package in the live tree, and in the other one.
    pub(crate) fn packages(&self) -> (PathBuf, PathBuf) {
        let package = |tree: &Path| package_in(self.manager(), tree);
        (package(&self.live), package(&self.other()))
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        match &self.subject {
            Subject::Core(_) => "OpenClaw",
            Subject::Skill(skill) => &skill.name,
            Subject::Extension(extension) => &extension.name,
        }
    }

    /// Whether the gateway must be stopped for it.
    pub fn stops_the_gateway(&self) -> bool {
        !matches!(self.subject, Subject::Skill(_))
    }
}

/// The tree that a package manager made in a directory that Exuvia had it use: npm below a prefix,
/// others there.
pub(crate) fn other(manager: PackageManager, beside: &Path, live: &Path) -> PathBuf {
    match manager {
        PackageManager::Pnpm | PackageManager::Bun => beside.to_owned(),
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => {
            let name = live.file_name().unwrap_or_default();
            beside.join("lib/node_modules").join(name)
        }
    }
}

/// What kind of thing a transaction replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Subject {
    /// OpenClaw itself.
    Core(CorePlan),
    /// A skill.
    Skill(Box<SkillPlan>),
    /// A plugin from npm.
    Extension(Box<ExtensionPlan>),
}

impl Default for Subject {
    fn default() -> Self {
        Self::Core(CorePlan::default())
    }
}

/// What there is to know of OpenClaw itself besides. `live` of its plan is the tree that holds the
/// package ([`exuvia_openclaw::Held`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CorePlan {
    /// What put it in place.
    pub manager: PackageManager,
}

impl Default for CorePlan {
    fn default() -> Self {
        Self {
            manager: PackageManager::Npm,
        }
    }
}

/// What there is to know of a skill besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillPlan {
    /// What people call it.
    pub name: String,
    /// Where the new version is to be had; nothing for a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The directory in which what was replaced is kept.
    pub kept: PathBuf,
}

/// What there is to know of a plugin besides. `live` of its plan is the directory that npm installed
/// the live version into, and `beside` that of the other version while it is not live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionPlan {
    /// What people call it.
    pub name: String,
    /// What OpenClaw calls it.
    pub id: String,
    /// The npm package.
    pub package: String,
    /// Where the new version is to be had; nothing for a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// Where the other version lies once it is live: every version has a directory of its own.
    pub place: PathBuf,
    /// The directory in which what was replaced is kept.
    pub kept: PathBuf,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_from_before_other_package_managers_is_one_of_npm() {
        let subject: Subject = serde_json::from_value(json!({ "what": "core" })).unwrap();
        assert_eq!(subject, Subject::default());
        let core = CorePlan {
            manager: PackageManager::Pnpm,
        };
        let text = serde_json::to_value(Subject::Core(core)).unwrap();
        assert_eq!(text, json!({ "what": "core", "manager": "pnpm" }));
    }

    #[test]
    fn the_other_tree_is_where_its_package_manager_made_it() {
        let (beside, live) = (Path::new("/a/.exuvia/1"), Path::new("/a/openclaw"));
        let of = |manager| other(manager, beside, live);
        assert_eq!(
            of(PackageManager::Npm),
            beside.join("lib/node_modules/openclaw")
        );
        assert_eq!(of(PackageManager::Pnpm), beside);
        assert_eq!(of(PackageManager::Bun), beside);
    }
}
