//! The assets of the sample that are no candidates.

use exuvia_model::asset::Provenance;
use exuvia_model::scan::{SkipReason, Skipped, Unreachable, UpToDate};
use exuvia_model::{Asset, AssetClass, AssetId, AssetKind, SourceName};

/// The assets that are no candidates.
pub(super) struct Others {
    pub(super) up_to_date: Vec<UpToDate>,
    pub(super) unreachable: Vec<Unreachable>,
    pub(super) skipped: Vec<Skipped>,
}

impl Others {
    pub(super) fn new(with_unreachable: bool) -> Self {
        let id = |name: &str| AssetId::new(AssetClass::Skill, name);
        let down = if with_unreachable {
            &["calendar", "天气助手"][..]
        } else {
            &[]
        };
        Self {
            up_to_date: [
                ("acpx", "1.8.0"),
                ("deep-research", "3.2.1"),
                ("ffmpeg-recipes", "0.9.4"),
                ("home-assistant", "2.11.0"),
                ("mail-triage", "1.0.7"),
                ("pdf-tools", "4.0.0"),
                ("sql-explain", "1.3.0"),
            ]
            .map(|(name, version)| UpToDate {
                name: name.into(),
                version: version.into(),
                asset_id: id(name),
            })
            .into(),
            unreachable: down
                .iter()
                .map(|name| Unreachable {
                    name: (*name).into(),
                    source: SourceName::Clawhub,
                    reason:
                        "https://clawhub.example/api/v1/skills answered 503, three times in 9 s"
                            .into(),
                    asset_id: id(name),
                })
                .collect(),
            skipped: [
                ("_builtin_skills", SkipReason::Bundled),
                ("localdemo", SkipReason::Local),
                ("my-notes", SkipReason::Local),
                (
                    "slides",
                    SkipReason::OfferedIsOlder {
                        installed: "2.0.0-rc.1".into(),
                        offered: "1.9.9".into(),
                    },
                ),
            ]
            .map(|(name, why)| Skipped {
                name: name.into(),
                reason: why.to_string(),
                why,
                asset_id: id(name),
            })
            .into(),
        }
    }

    pub(super) fn assets(&self) -> Vec<Asset> {
        let up_to_date = self.up_to_date.iter().map(|asset| &asset.name);
        let unreachable = self.unreachable.iter().map(|asset| &asset.name);
        let skipped = self.skipped.iter().map(|asset| &asset.name);
        up_to_date
            .chain(unreachable)
            .chain(skipped)
            .map(|name| Asset::new(AssetKind::SkillLocal, name, "/x", Provenance::Bundled))
            .collect()
    }
}
