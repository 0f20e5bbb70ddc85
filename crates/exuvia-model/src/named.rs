//! Finding an asset by what a person calls it.

use crate::Asset;

/// Names that are so many changes of one letter away from what was said, at most, are meant maybe.
const NEAR: usize = 3;
/// How many are told of.
const TOLD: usize = 3;

/// What a person names: an asset, and a version of it where one was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'a> {
    /// The asset.
    pub asset: &'a Asset,
    /// What stands behind the last `@`.
    pub version: Option<String>,
}

/// Why nothing is named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNamed {
    /// There is no such asset.
    #[error("there is no {asked} in this install{}", or(.near))]
    Nothing {
        /// What was asked for.
        asked: String,
        /// What is nearest to it.
        near: Vec<String>,
    },
    /// There are several.
    #[error("{asked} is the name of several; say which: {}", .ids.join(", "))]
    Several {
        /// What was asked for.
        asked: String,
        /// The ids of those that have that name.
        ids: Vec<String>,
    },
}

fn or(near: &[String]) -> String {
    if near.is_empty() {
        return "; `exuvia inventory` lists what there is".to_owned();
    }
    format!("; there is {}", near.join(", "))
}

/// Finds `NAME`, `NAME@VERSION`, or either with an id in place of the name. Names of npm's begin
/// with an `@` of their own.
pub fn find<'a>(assets: &'a [Asset], asked: &str) -> Result<Named<'a>, NotNamed> {
    let whole = one(assets, asked)?;
    if let Some(asset) = whole {
        return Ok(Named {
            asset,
            version: None,
        });
    }
    let (name, version) = match asked.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && !version.is_empty() => (name, Some(version)),
        _ => (asked, None),
    };
    match one(assets, name)? {
        Some(asset) => Ok(Named {
            asset,
            version: version.map(str::to_owned),
        }),
        None => Err(NotNamed::Nothing {
            asked: name.to_owned(),
            near: nearest(assets, name),
        }),
    }
}

fn one<'a>(assets: &'a [Asset], name: &str) -> Result<Option<&'a Asset>, NotNamed> {
    if let Some(asset) = assets.iter().find(|asset| asset.id.as_str() == name) {
        return Ok(Some(asset));
    }
    let said = name.to_lowercase();
    let found: Vec<&Asset> = assets
        .iter()
        .filter(|asset| asset.name.to_lowercase() == said)
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [asset] => Ok(Some(asset)),
        several => Err(NotNamed::Several {
            asked: name.to_owned(),
            ids: several.iter().map(|asset| asset.id.to_string()).collect(),
        }),
    }
}

/// The names that are nearest to one, the nearest first.
fn nearest(assets: &[Asset], name: &str) -> Vec<String> {
    let said = name.to_lowercase();
    let far = |other: &str| {
        let other = other.to_lowercase();
        if other.contains(&said) && !said.is_empty() {
            return 0;
        }
        distance(&said, &other)
    };
    let mut known: Vec<(usize, &str)> = assets
        .iter()
        .map(|asset| (far(&asset.name), asset.name.as_str()))
        .filter(|(far, other)| *far <= NEAR.min(other.chars().count() / 2))
        .collect();
    known.sort_unstable();
    known.dedup();
    let names = known.into_iter().take(TOLD);
    names.map(|(_, name)| name.to_owned()).collect()
}

/// How many letters must be added, taken away or changed to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut next = vec![above + 1];
        for ((changed, added), second) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let changed = changed + usize::from(letter != *second);
            let taken = next.last().copied().unwrap_or_default() + 1;
            next.push(changed.min(added + 1).min(taken));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::asset;
    use crate::{AssetId, AssetKind};

    fn assets() -> Vec<Asset> {
        let named = |kind: AssetKind, name: &str, id: &str| {
            let mut asset = asset(kind, name, "1.0.0");
            asset.id = AssetId::new(kind.class(), id);
            asset
        };
        vec![
            named(AssetKind::CoreNpm, "openclaw", "openclaw"),
            named(AssetKind::SkillClawhub, "demo", "a/demo"),
            named(AssetKind::SkillClawhub, "demo", "b/demo"),
            named(AssetKind::ExtensionNpm, "@acme/teams", "teams"),
        ]
    }

    #[test]
    fn a_name_an_id_and_a_version_behind_either_are_understood() {
        let assets = assets();
        for (asked, id, version) in [
            ("openclaw", "core:openclaw", None),
            ("OpenClaw@2026.9.6", "core:openclaw", Some("2026.9.6")),
            ("core:openclaw@1", "core:openclaw", Some("1")),
            ("@acme/teams", "extension:teams", None),
            (
                "@acme/teams@1.0.0-rc.1",
                "extension:teams",
                Some("1.0.0-rc.1"),
            ),
            ("skill:b/demo", "skill:b/demo", None),
        ] {
            let named = find(&assets, asked).unwrap();
            assert_eq!(named.asset.id.as_str(), id, "{asked}");
            assert_eq!(named.version.as_deref(), version, "{asked}");
        }
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is_nearest() {
        let assets = assets();
        let told = |asked: &str| find(&assets, asked).unwrap_err().to_string();
        assert!(
            told("opneclaw@1").ends_with("there is openclaw"),
            "{}",
            told("opneclaw@1")
        );
        assert!(told("teams").ends_with("there is @acme/teams"));
        assert!(told("something").contains("exuvia inventory"));
        assert!(told("demo").contains("skill:a/demo, skill:b/demo"));
        assert!(told("").contains("exuvia inventory"));
    }

    #[test]
    fn a_distance_is_the_number_of_changes() {
        for (one, other, far) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one, other), far);
            assert_eq!(distance(other, one), far);
        }
    }
}
