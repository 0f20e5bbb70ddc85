//! `known-bad.json`: versions that must not be offered again on this install.

use exuvia_model::journal::RunId;
use exuvia_model::{AssetId, Revision};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lists::{List, Listed};

/// Set where the user put a version on the list.
const BY_USER: &str = "byUser";

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

impl Listed for BadVersion {
    const FILE: &'static str = "known-bad.json";
    const KEY: &'static str = "versions";

    fn replaces(&self, other: &Self) -> bool {
        self.asset_id == other.asset_id && self.version == other.version
    }
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

impl List<BadVersion> {
    /// Whether this version of the asset is one of them.
    pub fn contains(&self, asset: &AssetId, version: &Revision) -> bool {
        self.find(asset, version).is_some()
    }

    /// What is known of it, if it is one of them.
    pub fn find(&self, asset: &AssetId, version: &Revision) -> Option<&BadVersion> {
        let version = version.to_string();
        let mut all = self.all().iter();
        all.find(|bad| bad.asset_id == *asset && bad.version == version)
    }
}

#[cfg(test)]
mod tests {
    use exuvia_model::AssetClass;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_told_once_and_whose_word_it_is() {
        let core = AssetId::new(AssetClass::Core, "openclaw");
        let (run, now) = (RunId::from_bits(1), Timestamp::UNIX_EPOCH);
        let failed = BadVersion::of_run(core.clone(), &"2".into(), run.clone(), "it died", now);
        let by_user = BadVersion::of_user(core.clone(), "2".to_owned(), None, run, now);
        assert!(by_user.replaces(&failed));
        assert!(by_user.is_of_user() && !failed.is_of_user());
        let by_hand = json!({ "versions": [{ "assetId": "core:openclaw", "version": "1" }] });
        let list: List<BadVersion> = serde_json::from_value(by_hand).unwrap();
        assert!(list.find(&core, &"1".into()).unwrap().is_of_user());
        assert!(!list.contains(&core, &"2".into()));
    }
}
