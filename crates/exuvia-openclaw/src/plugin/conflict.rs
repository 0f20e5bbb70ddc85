//! Which of two plugins with one id OpenClaw loads.

use std::collections::BTreeMap;
use std::path::PathBuf;

use exuvia_model::Asset;
use exuvia_model::asset::Conflict;

use super::asset::{Rank, Taken};

impl Rank {
    fn words(self) -> &'static str {
        match self {
            Self::Configured => "plugins from plugins.load.paths",
            Self::Recorded => "installed plugins",
            Self::Bundled => "bundled plugins",
            Self::Workspace => "a workspace's plugins",
            Self::Global => "plugins without a record",
        }
    }
}

/// A plugin of the package, or an asset by its place in the list.
struct Rival<'a> {
    rank: Rank,
    path: &'a str,
    asset: Option<usize>,
}

/// Notes who shadows whom, and gives the assets. An installed plugin in front of the bundled one of
/// its id is what OpenClaw intends (`isIntentionalInstalledBundledDuplicate`), and no conflict.
pub(super) fn resolve(mut taken: Vec<Taken>, bundled: &[(String, PathBuf)]) -> Vec<Asset> {
    let bundled: Vec<(&String, String)> = bundled
        .iter()
        .map(|(id, path)| (id, path.to_string_lossy().into_owned()))
        .collect();
    let mut notes = Vec::new();
    for (id, rivals) in by_id(&taken, &bundled) {
        let Some((winner, losers)) = rivals.split_first() else {
            continue;
        };
        for loser in losers {
            if winner.rank != Rank::Recorded || loser.rank != Rank::Bundled {
                notes.extend(tell(id, winner, loser));
            }
        }
    }
    for (index, conflict) in notes {
        if let Some(taken) = taken.get_mut(index) {
            taken.asset.conflicts.push(conflict);
        }
    }
    taken.into_iter().map(|taken| taken.asset).collect()
}

/// The plugins of each id, the one that is loaded first.
fn by_id<'a>(
    taken: &'a [Taken],
    bundled: &'a [(&'a String, String)],
) -> BTreeMap<&'a str, Vec<Rival<'a>>> {
    let mut by_id: BTreeMap<&str, Vec<Rival<'_>>> = BTreeMap::new();
    for (index, taken) in taken.iter().enumerate() {
        by_id.entry(&taken.plugin_id).or_default().push(Rival {
            rank: taken.rank,
            path: &taken.asset.path,
            asset: Some(index),
        });
    }
    for (id, path) in bundled {
        if let Some(rivals) = by_id.get_mut(id.as_str()) {
            rivals.push(Rival {
                rank: Rank::Bundled,
                path,
                asset: None,
            });
        }
    }
    for rivals in by_id.values_mut() {
        rivals.sort_by_key(|rival| rival.rank);
    }
    by_id
}

fn tell(id: &str, winner: &Rival<'_>, loser: &Rival<'_>) -> Vec<(usize, Conflict)> {
    let rule = if winner.rank == loser.rank {
        format!(
            "of two among {}, the first one found counts",
            winner.rank.words()
        )
    } else {
        format!("{} come before {}", winner.rank.words(), loser.rank.words())
    };
    let note = |this: &Rival<'_>, other: &Rival<'_>, wins| {
        let conflict = Conflict {
            name: exuvia_model::text::one_line(id, 120),
            other_path: other.path.to_owned(),
            wins,
            rule: rule.clone(),
        };
        this.asset.map(|index| (index, conflict))
    };
    let notes = [note(winner, loser, true), note(loser, winner, false)];
    notes.into_iter().flatten().collect()
}
