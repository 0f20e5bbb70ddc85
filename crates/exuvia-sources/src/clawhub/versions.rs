//! What each version's publisher says of it.

use exuvia_model::{Revision, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::skill::milliseconds;
use super::{ClawHub, checked};
use crate::SourceError;

/// Versions on one page.
const PAGE: &str = "50";

/// A version's notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionNote {
    /// The version.
    pub version: String,
    /// When it was published.
    pub created_at: Option<Timestamp>,
    /// The notes.
    pub changelog: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Item>,
    #[serde(default)]
    next_cursor: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    version: String,
    #[serde(default)]
    created_at: Option<f64>,
    #[serde(default)]
    changelog: Option<String>,
}

impl ClawHub {
    /// The notes of a skill's versions, newest first, page by page until `until` (usually the
    /// installed version) was seen or `max_pages` were read.
    pub async fn versions(
        &self,
        owner: Option<&str>,
        slug: &str,
        until: &str,
        max_pages: usize,
    ) -> Result<Vec<VersionNote>, SourceError> {
        let mut notes = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..max_pages {
            let mut query = vec![("limit", PAGE)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let url = self.skill_address(owner, slug, &["versions"], &query)?;
            let page: Page = self
                .http
                .json(&Self::ask(url), "clawhub-versions-1")
                .await?;
            let is_last = page.items.is_empty()
                || page.items.iter().any(|item| reaches(&item.version, until));
            notes.extend(page.items.into_iter().map(|item| VersionNote {
                version: item.version,
                created_at: milliseconds(item.created_at),
                changelog: item.changelog.unwrap_or_default(),
            }));
            match page.next_cursor {
                // A registry that gives the same cursor for ever is stopped by `max_pages`.
                Some(next) if !is_last && checked(&next).is_ok() => cursor = Some(next),
                _ => break,
            }
        }
        Ok(notes)
    }
}

/// Whether a version is the one that was looked for. By meaning, where both are versions.
fn reaches(version: &str, until: &str) -> bool {
    let versions = (version.parse::<Version>(), until.parse::<Version>());
    match versions {
        (Ok(version), Ok(until)) => version == until,
        _ => Revision::from(version) == Revision::from(until),
    }
}
