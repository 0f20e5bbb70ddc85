//! Release channels and the version that each offers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Version;

/// Which releases the user wants to hear of. The names are those of `openclaw update --channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The dist-tag `latest`.
    #[default]
    Stable,
    /// The dist-tag `beta`; `latest` when `beta` is missing or older.
    Beta,
    /// The dist-tag `dev`; `latest` when there is none or it is older.
    Dev,
    /// The dist-tag `extended-stable`, and nothing else: falling back would leave the line.
    ExtendedStable,
}

impl Channel {
    /// Every channel, in the order of `--help`.
    pub const ALL: [Self; 4] = [Self::Stable, Self::Beta, Self::Dev, Self::ExtendedStable];

    /// The name on the command line and in OpenClaw's config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Dev => "dev",
            Self::ExtendedStable => "extended-stable",
        }
    }

    /// The channel of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// The version that the dist-tags offer on this channel, and the tag that it came from.
    pub fn pick(self, dist_tags: &BTreeMap<String, Version>) -> Option<(&'static str, &Version)> {
        let tag = |name: &'static str| dist_tags.get(name).map(|version| (name, version));
        let newer_of = |name| match (tag(name), tag("latest")) {
            (Some(own), Some(latest)) if own.1 < latest.1 => Some(latest),
            (Some(own), _) => Some(own),
            (None, latest) => latest,
        };
        match self {
            Self::Stable => tag("latest"),
            Self::Beta => newer_of("beta"),
            Self::Dev => newer_of("dev"),
            Self::ExtendedStable => tag("extended-stable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, Version> {
        pairs
            .iter()
            .map(|(tag, v)| ((*tag).to_owned(), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn each_channel_offers_its_tag_and_falls_back_only_where_it_may() {
        let cases = [
            (
                Channel::Stable,
                &[("latest", "2.0.0"), ("beta", "3.0.0-beta.1")][..],
                Some("latest"),
            ),
            (
                Channel::Beta,
                &[("latest", "2.0.0"), ("beta", "3.0.0-beta.1")],
                Some("beta"),
            ),
            (
                Channel::Beta,
                &[("latest", "3.0.0"), ("beta", "3.0.0-beta.1")],
                Some("latest"),
            ),
            (Channel::Beta, &[("latest", "2.0.0")], Some("latest")),
            (
                Channel::Dev,
                &[("latest", "2.0.0"), ("beta", "9.0.0")],
                Some("latest"),
            ),
            (Channel::ExtendedStable, &[("latest", "2.0.0")], None),
            (Channel::Stable, &[("beta", "2.0.0")], None),
        ];
        for (channel, pairs, expected) in cases {
            let tags = tags(pairs);
            assert_eq!(
                channel.pick(&tags).map(|(tag, _)| tag),
                expected,
                "{channel:?} {pairs:?}"
            );
        }
    }

    #[test]
    fn a_channel_is_found_by_the_name_it_gives() {
        for channel in Channel::ALL {
            assert_eq!(Channel::from_name(channel.name()), Some(channel));
        }
        assert_eq!(Channel::from_name("nightly"), None);
    }
}
