//! What a rehearsal staged and kept, for the upgrade to go on with.

use std::path::{Path, PathBuf};

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_model::install::PackageManager;
use exuvia_model::journal::RunId;
use exuvia_model::vitals::Vitals;
use exuvia_model::{AssetId, Digest, Revision};
use exuvia_openclaw::tree;
use serde::{Deserialize, Serialize};

use crate::core::Rehearsed;
use crate::tree::TreeId;
use crate::{CorePlan, Plan};

const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A version that is staged beside the live one and was rehearsed:
/// `$EXUVIA_HOME/installs/<id>/kept-stage.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The run that rehearsed it.
    pub run: RunId,
    /// What it is of.
    pub asset: AssetId,
    /// The version that was live.
    pub from: Revision,
    /// The version that is staged.
    pub to: Revision,
    /// The bytes that were approved.
    pub digest: Digest,
    /// The live tree.
    pub live: PathBuf,
    /// What put it in place.
    #[serde(default = "npm")]
    pub manager: PackageManager,
    /// What that was then.
    pub live_tree: TreeId,
    /// The directory that holds the staged tree.
    pub beside: PathBuf,
    /// The staged tree.
    pub tree: TreeId,
    /// Every file of it.
    pub content: Digest,
    /// What the install looked like when it was rehearsed.
    pub before: Vitals,
    /// What the rehearsal found.
    pub rehearsed: Rehearsed,
}

impl Kept {
    /// The one of an install, if there is one. What cannot be read is none: everything is done anew.
    pub fn read(host: &dyn Host, home: &Home, install: &str) -> Result<Option<Self>, HostError> {
        let bytes = read_optional(host, &path(home, install), MAX_BYTES, Links::Refuse)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps it, durably, in place of the one before.
    pub(crate) fn write(&self, host: &dyn Host, home: &Home, id: &str) -> Result<(), HostError> {
        let path = path(home, id);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| HostError::new("write", &path, error.into()))?;
        host.create_private_dir(&home.install(id))?;
        host.write_atomic(&path, &json, 0o600)
    }

    /// Forgets that there is one.
    pub(crate) fn forget(host: &dyn Host, home: &Home, install: &str) -> Result<(), HostError> {
        match host.remove_file(&path(home, install)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether it is of the same bytes, for the same live version. Whether what lies there is still
    /// that is another question.
    pub fn fits(&self, plan: &Plan) -> bool {
        self.asset == plan.asset
            && self.from == plan.from
            && self.to == plan.to
            && Some(&self.digest) == plan.digest.as_ref()
            && self.live == plan.live
            && self.manager == plan.manager()
    }

    /// Whether the directory still holds the tree that was staged, and not one that was exchanged
    /// for it.
    pub(crate) fn is_there(&self, host: &dyn Host, other: &Path) -> Result<bool, HostError> {
        Ok(TreeId::of(host, other)? == Some(self.tree))
    }
}

/// Every file of a staged tree, its dependencies among them; nothing where one cannot be read.
pub(crate) fn content(host: &dyn Host, beside: &Path) -> Option<Digest> {
    let limits = tree::Limits::default();
    let tree = tree::walk(host, beside, &limits);
    tree::content_digest(&tree, &tree::digest_all(host, &tree))
}

/// All that there was at first.
fn npm() -> PackageManager {
    CorePlan::default().manager
}

fn path(home: &Home, install: &str) -> PathBuf {
    home.install(install).join("kept-stage.json")
}
