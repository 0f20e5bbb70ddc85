//! A skill as the registry has it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClawHub, GitHubPlace};
use crate::SourceError;

/// A skill, and its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Its name in addresses.
    pub slug: String,
    /// Its publisher's handle.
    pub owner: Option<String>,
    /// Its newest version; for a skill that lies on GitHub, the newest commit.
    pub version: String,
    /// When that was published.
    pub created_at: Option<Timestamp>,
    /// Its notes.
    pub changelog: Option<String>,
    /// Where it lies, when ClawHub only points there.
    pub github: Option<GitHubPlace>,
    /// What moderators say of it; `None` when nothing.
    pub moderation: Option<Moderation>,
}

/// What moderators say of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderation {
    /// It is flagged for review; clients want `--force`.
    pub suspicious: bool,
    /// It is blocked as malware; clients refuse it.
    pub malware: bool,
    /// Why, in the moderators' words.
    pub summary: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    skill: Option<WireSkill>,
    #[serde(default)]
    latest_version: Option<WireLatest>,
    #[serde(default)]
    owner: Option<WireOwner>,
    #[serde(default)]
    moderation: Option<WireModeration>,
}

#[derive(Serialize, Deserialize)]
struct WireSkill {
    slug: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLatest {
    version: String,
    #[serde(default)]
    created_at: Option<f64>,
    #[serde(default)]
    changelog: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WireOwner {
    #[serde(default)]
    handle: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireModeration {
    #[serde(default)]
    is_suspicious: bool,
    #[serde(default)]
    is_malware_blocked: bool,
    #[serde(default)]
    summary: Option<String>,
}

impl ClawHub {
    /// A skill and its newest version: one request, and a second one where ClawHub has no version
    /// of its own, since it may only point to GitHub. One with neither is as good as none.
    pub async fn skill(&self, owner: Option<&str>, slug: &str) -> Result<Skill, SourceError> {
        let ask = Self::ask(self.skill_address(owner, slug, &[], &[])?);
        let wire: Wire = self.http.json(&ask, "clawhub-skill-1").await?;
        let not_found = || SourceError::NotFound { url: ask.shown() };
        let skill = wire.skill.ok_or_else(not_found)?;
        let mut found = Skill {
            slug: skill.slug,
            owner: wire.owner.and_then(|owner| owner.handle),
            version: String::new(),
            created_at: None,
            changelog: None,
            github: None,
            moderation: wire.moderation.map(WireModeration::into_moderation),
        };
        if let Some(latest) = wire.latest_version {
            found.version = latest.version;
            found.created_at = milliseconds(latest.created_at);
            found.changelog = latest.changelog;
        } else {
            let place = self
                .github_place(owner, slug)
                .await?
                .ok_or_else(not_found)?;
            found.version.clone_from(&place.commit);
            found.github = Some(place);
        }
        Ok(found)
    }
}

impl WireModeration {
    fn into_moderation(self) -> Moderation {
        Moderation {
            suspicious: self.is_suspicious,
            malware: self.is_malware_blocked,
            summary: self.summary,
        }
    }
}

/// ClawHub's times are JavaScript's: milliseconds since 1970, now and then with a fraction.
pub(super) fn milliseconds(time: Option<f64>) -> Option<Timestamp> {
    let time = time.filter(|time| time.is_finite() && time.abs() < 1e15)?;
    // Below 10^15 nothing is lost.
    #[allow(clippy::cast_possible_truncation)]
    Timestamp::from_millisecond(time as i64).ok()
}
