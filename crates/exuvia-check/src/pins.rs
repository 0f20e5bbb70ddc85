//! `pins.json`: assets that are to stay what they are.

use exuvia_model::AssetId;
use exuvia_model::journal::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lists::{List, Listed};

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

impl Listed for Pin {
    const FILE: &'static str = "pins.json";
    const KEY: &'static str = "pins";

    fn replaces(&self, other: &Self) -> bool {
        self.asset_id == other.asset_id
    }
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

impl List<Pin> {
    /// The pin of an asset, if it has one.
    pub fn find(&self, asset: &AssetId) -> Option<&Pin> {
        self.all().iter().find(|pin| pin.asset_id == *asset)
    }
}
