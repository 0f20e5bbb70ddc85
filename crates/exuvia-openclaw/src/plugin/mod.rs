//! Plugins, which OpenClaw also calls extensions: what is recorded of them, and what is there.

mod asset;
mod conflict;
mod index;
mod payload;
mod record;
mod untracked;

use std::ffi::OsStr;

use exuvia_host::Host;
use exuvia_model::{Asset, AssetClass, AssetId};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

pub use index::{IndexEntry, InstallRecord, PluginIndex};
pub use record::{NewVersion, RecordError, RecordText, put_record, record_text};

use crate::config::{Agent, Config};
use crate::{Install, label};

/// The plugins of an install.
#[derive(Debug, Default)]
pub struct Plugins {
    /// Those that are assets of their own.
    pub assets: Vec<Asset>,
    /// How many the package brings along; `None` without a package.
    pub bundled: Option<usize>,
    /// What could not be read, in words.
    pub warnings: Vec<String>,
}

/// Takes up every plugin that is recorded, and every one that only lies there.
pub fn inventory(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    agents: &[Agent],
    index: &PluginIndex,
) -> Plugins {
    let recorded = index
        .records
        .iter()
        .map(|(id, record)| asset::Origin::Recorded(id, record));
    let untracked = untracked::find(host, install, config, agents, index);
    let loose = untracked.found.iter().map(asset::Origin::Untracked);
    let origins: Vec<asset::Origin<'_>> = recorded.chain(loose).collect();
    let taken: Vec<asset::Taken> = origins
        .par_iter()
        .map(|origin| asset::take(host, origin, &install.home))
        .collect();
    let bundled = payload::bundled(host, install);
    Plugins {
        bundled: install.package_root.as_ref().map(|_| bundled.len()),
        assets: conflict::resolve(taken, &bundled),
        warnings: index
            .problems
            .iter()
            .cloned()
            .chain(untracked.warnings)
            .collect(),
    }
}

/// The id by which OpenClaw knows the recorded plugin that this asset is.
pub fn recorded_id(index: &PluginIndex, asset: &AssetId) -> Option<String> {
    let is_it = |id: &&String| {
        AssetId::new(
            AssetClass::Extension,
            &label::unique(OsStr::new(id.as_str())),
        ) == *asset
    };
    index.records.keys().find(is_it).cloned()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "plugin_tests.rs"]
mod tests;
