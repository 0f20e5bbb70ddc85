//! `pins.json`: assets that are to stay what they are.

use exuvia_model::AssetId;
use exuvia_model::journal::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::documents::{DocumentError, Documents};

const FILE: &str = "pins.json";

/// The list. Somebody may have written it by hand, so that what is not understood is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pins {
    pins: Vec<Pin>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// What is pinned.
    pub asset_id: AssetId,
    /// What it was at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Pin {
    /// A pin of an asset that is at this version.
    pub fn of_run(
        asset_id: AssetId,
        version: Option<String>,
        reason: Option<String>,
        run: RunId,
        at: Timestamp,
    ) -> Self {
        Self {
            asset_id,
            version,
            reason,
            run: Some(run),
            at: Some(at),
            others: Map::new(),
        }
    }
}

impl Pins {
    /// The pin of an asset, if it has one.
    pub fn find(&self, asset: &AssetId) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.asset_id == *asset)
    }

    /// All of them, in the order in which they were made.
    pub fn all(&self) -> &[Pin] {
        &self.pins
    }
}

impl Documents {
    /// What is pinned. What cannot be read is an error: an asset must not move because a file broke.
    pub fn pins(&self) -> Result<Pins, DocumentError> {
        self.list(FILE)
    }

    /// Pins an asset, in place of an earlier pin of it.
    pub fn pin(&self, pin: Pin) -> Result<(), DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut known = self.pins()?;
        known.pins.retain(|other| other.asset_id != pin.asset_id);
        known.pins.push(pin);
        self.write(&self.own_path(FILE), &known)
    }

    /// Unpins an asset; the pin that it had.
    pub fn unpin(&self, asset: &AssetId) -> Result<Option<Pin>, DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut known = self.pins()?;
        let Some(at) = known.pins.iter().position(|pin| pin.asset_id == *asset) else {
            return Ok(None);
        };
        let pin = known.pins.remove(at);
        self.write(&self.own_path(FILE), &known)?;
        Ok(Some(pin))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use exuvia_host::testing::TestHost;
    use exuvia_host::{Home, Host};
    use exuvia_model::AssetClass;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pin_is_told_once_and_leaves_what_was_written_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let host: Arc<dyn Host> = Arc::new(TestHost::new());
        let host_of = TestHost::new().with_env("EXUVIA_HOME", dir.path().join("home"));
        let home = Home::locate(&host_of).unwrap();
        let documents = Documents::new(host.clone(), &dir.path().join("state"), &home, "id");
        let path = documents.own_path(FILE);
        host.create_private_dir(path.parent().unwrap()).unwrap();
        let by_hand = json!({ "note": "mine", "pins": [
            { "assetId": "skill:demo", "why": "I like it" }] });
        host.write_atomic(&path, by_hand.to_string().as_bytes(), 0o600)
            .unwrap();
        let core = AssetId::new(AssetClass::Core, "openclaw");
        for version in ["1", "2"] {
            let version = Some(version.to_owned());
            let pin = Pin::of_run(core.clone(), version, None, RunId::from_bits(1), host.now());
            documents.pin(pin).unwrap();
        }
        let pins = documents.pins().unwrap();
        assert_eq!(pins.all().len(), 2);
        assert_eq!(pins.find(&core).unwrap().version.as_deref(), Some("2"));
        let text = serde_json::to_value(&pins).unwrap();
        assert_eq!(text["note"], "mine");
        assert_eq!(text["pins"][0]["why"], "I like it");
        assert!(documents.unpin(&core).unwrap().is_some());
        assert_eq!(documents.unpin(&core).unwrap(), None);
        host.write_atomic(&path, b"{", 0o600).unwrap();
        assert!(documents.pins().is_err() && documents.unpin(&core).is_err());
    }
}
