//! `known-bad.json`: versions that must not be offered again on this install.

use exuvia_model::journal::RunId;
use exuvia_model::{AssetId, Revision};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::documents::{DocumentError, Documents};

const FILE: &str = "known-bad.json";

/// Set where the user put a version on the list.
const BY_USER: &str = "byUser";

/// The list. Somebody may have written it by hand, so that what is not understood is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownBad {
    versions: Vec<BadVersion>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BadVersion {
    /// What it is a version of.
    pub asset_id: AssetId,
    /// The version, as the report tells it.
    pub version: String,
    /// What went wrong with it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl BadVersion {
    /// A version that failed in a run.
    pub fn of_run(
        asset_id: AssetId,
        version: &Revision,
        run: RunId,
        reason: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            asset_id,
            version: version.to_string(),
            reason: Some(reason.to_owned()),
            run: Some(run),
            at: Some(at),
            others: Map::new(),
        }
    }

    /// A version that the user does not want.
    pub fn of_user(
        asset_id: AssetId,
        version: String,
        reason: Option<String>,
        run: RunId,
        at: Timestamp,
    ) -> Self {
        let mut others = Map::new();
        others.insert(BY_USER.to_owned(), Value::Bool(true));
        Self {
            asset_id,
            version,
            reason,
            run: Some(run),
            at: Some(at),
            others,
        }
    }

    /// Whether the user put it on the list, and no failed upgrade.
    pub fn is_of_user(&self) -> bool {
        self.run.is_none() || self.others.get(BY_USER) == Some(&Value::Bool(true))
    }
}

impl KnownBad {
    /// All of them, in the order in which they were added.
    pub fn all(&self) -> &[BadVersion] {
        &self.versions
    }

    /// Whether this version of the asset is one of them.
    pub fn contains(&self, asset: &AssetId, version: &Revision) -> bool {
        self.find(asset, version).is_some()
    }

    /// What is known of it, if it is one of them.
    pub fn find(&self, asset: &AssetId, version: &Revision) -> Option<&BadVersion> {
        let version = version.to_string();
        self.versions
            .iter()
            .find(|bad| &bad.asset_id == asset && bad.version == version)
    }
}

impl Documents {
    /// The versions that are known to be bad here. What cannot be read is an error: a version that
    /// failed must not come back because a file broke.
    pub fn known_bad(&self) -> Result<KnownBad, DocumentError> {
        self.list(FILE)
    }

    /// Adds one, in place of what was known of the same version.
    pub fn remember_bad(&self, bad: BadVersion) -> Result<(), DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut known = self.known_bad()?;
        known
            .versions
            .retain(|other| other.asset_id != bad.asset_id || other.version != bad.version);
        known.versions.push(bad);
        self.write(&self.own_path(FILE), &known)
    }

    /// Takes one off the list; what was known of it.
    pub fn forget_bad(
        &self,
        asset: &AssetId,
        version: &str,
    ) -> Result<Option<BadVersion>, DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut known = self.known_bad()?;
        let is_it = |bad: &BadVersion| bad.asset_id == *asset && bad.version == version;
        let Some(at) = known.versions.iter().position(is_it) else {
            return Ok(None);
        };
        let bad = known.versions.remove(at);
        self.write(&self.own_path(FILE), &known)?;
        Ok(Some(bad))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use exuvia_host::testing::TestHost;
    use exuvia_host::{Home, Host};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_remembered_is_told_once_and_leaves_what_was_written_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let host: Arc<dyn Host> = Arc::new(TestHost::new());
        let host_of = TestHost::new().with_env("EXUVIA_HOME", dir.path().join("home"));
        let home = Home::locate(&host_of).unwrap();
        let documents = Documents::new(host.clone(), &dir.path().join("state"), &home, "id");
        let path = documents.own_path(FILE);
        host.create_private_dir(path.parent().unwrap()).unwrap();
        let by_hand = json!({ "note": "mine", "versions": [
            { "assetId": "core:openclaw", "version": "1.0.0", "why": "I do not like it" }] });
        host.write_atomic(&path, by_hand.to_string().as_bytes(), 0o600)
            .unwrap();
        let core = AssetId::new(exuvia_model::AssetClass::Core, "openclaw");
        for reason in ["it died", "it died again"] {
            let run = RunId::from_bits(1);
            let bad = BadVersion::of_run(core.clone(), &"2.0.0".into(), run, reason, host.now());
            documents.remember_bad(bad).unwrap();
        }
        let known = documents.known_bad().unwrap();
        assert!(known.contains(&core, &"1.0.0".into()));
        let found = known.find(&core, &"2.0.0".into()).unwrap();
        assert_eq!(found.reason.as_deref(), Some("it died again"));
        let text = serde_json::to_value(&known).unwrap();
        assert_eq!(text["note"], "mine");
        assert_eq!(text["versions"][0]["why"], "I do not like it");
        assert_eq!(text["versions"].as_array().unwrap().len(), 2);
        assert!(!found.is_of_user());
        let (run, why) = (RunId::from_bits(2), Some("no".to_owned()));
        let bad = BadVersion::of_user(core.clone(), "3.0.0".to_owned(), why, run, host.now());
        documents.remember_bad(bad).unwrap();
        let forgotten = documents.forget_bad(&core, "3.0.0").unwrap().unwrap();
        assert!(forgotten.is_of_user());
        assert_eq!(documents.forget_bad(&core, "3.0.0").unwrap(), None);
        assert_eq!(documents.known_bad().unwrap(), known);
    }
}
