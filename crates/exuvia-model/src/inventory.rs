//! `inventory.json`: what is installed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Asset, AssetId, InstallSummary};

/// The result of phase 1. A superset of the first Smart Updater's file of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was taken.
    pub scan_time: Timestamp,
    /// How many assets there are.
    pub total_assets: usize,
    /// Every asset of the install.
    pub assets: Vec<Asset>,
    /// Names this inventory; the scan that is made from it repeats it.
    pub inventory_id: String,
    /// The install that it is of.
    pub install: InstallSummary,
    /// What could not be read, in words.
    pub warnings: Vec<String>,
}

impl Inventory {
    /// The version of the shape that this code writes.
    pub const VERSION: u32 = 1;

    /// The asset of that id.
    pub fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.iter().find(|asset| &asset.id == id)
    }
}
