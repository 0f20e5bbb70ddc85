//! The assets that are no candidates, told compactly.

use exuvia_model::report::ReportDocument;

use super::super::Lang;
use super::super::text::Text;
use super::super::words;

/// An asset with what it is at.
#[derive(Debug, Clone)]
pub(in super::super) struct Named {
    pub(in super::super) name: Text,
    pub(in super::super) version: Text,
}

/// Assets of which one thing is to be said: a registry that is down says the same of a thousand.
#[derive(Debug)]
pub(in super::super) struct Bundle {
    pub(in super::super) names: Vec<Text>,
    pub(in super::super) reason: Text,
}

/// Longest name in a list, in characters.
const NAME_MAX: usize = 80;

pub(super) fn up_to_date(document: &ReportDocument) -> Vec<Named> {
    document
        .up_to_date
        .iter()
        .map(|asset| Named {
            name: Text::cut(&asset.name, NAME_MAX),
            version: Text::cut(&asset.version, NAME_MAX),
        })
        .collect()
}

pub(super) fn unreachable(document: &ReportDocument) -> Vec<Bundle> {
    bundle(document.unreachable.iter().map(|asset| {
        let reason = format!("{}: {}", asset.source.name(), asset.reason);
        (asset.name.as_str(), Text::from(reason))
    }))
}

pub(super) fn skipped(document: &ReportDocument, lang: Lang) -> Vec<Bundle> {
    bundle(document.skipped.iter().map(|asset| {
        (
            asset.name.as_str(),
            Text::from(words::skipped(&asset.why, lang)),
        )
    }))
}

/// What could not be read, and what is there in vain.
pub(super) fn warnings(document: &ReportDocument, lang: Lang) -> Vec<Text> {
    let shadowed = document
        .shadowed
        .iter()
        .map(|asset| Text::from(words::shadowed(asset, lang)));
    document
        .warnings
        .iter()
        .map(Text::from)
        .chain(shadowed)
        .collect()
}

/// Puts those with one reason together, in the order in which the reasons first come.
fn bundle<'a>(assets: impl Iterator<Item = (&'a str, Text)>) -> Vec<Bundle> {
    let mut bundles: Vec<Bundle> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for (name, reason) in assets {
        let index = *at.entry(reason.clone()).or_insert_with(|| {
            bundles.push(Bundle {
                names: Vec::new(),
                reason,
            });
            bundles.len() - 1
        });
        if let Some(bundle) = bundles.get_mut(index) {
            bundle.names.push(Text::cut(name, NAME_MAX));
        }
    }
    bundles
}
