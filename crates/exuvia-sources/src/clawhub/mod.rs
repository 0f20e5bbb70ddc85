//! ClawHub, the registry of skills.
//!
//! Endpoints and shapes as the `clawhub` CLI 0.23.3 and OpenClaw 2026.9.5 use them
//! (`/api/v1/…`). Texts of publishers come back as they are; whoever shows them cleans them.

mod base;
mod files;
mod install;
mod skill;
mod verdict;
mod versions;

use url::Url;

use crate::http::Ask;
use crate::{Http, SourceError};
use exuvia_host::Host;
use exuvia_model::text::one_line;

pub use base::base_from_env;
pub use files::{FileEntry, files_digest};
pub use install::GitHubPlace;
pub use skill::{Moderation, Skill};
pub use versions::VersionNote;

/// One ClawHub registry.
#[derive(Debug, Clone)]
pub struct ClawHub {
    http: Http,
    base: Url,
}

impl ClawHub {
    /// The registry at `base`, such as the one that a skill's origin records.
    pub fn new(http: Http, base: Url) -> Self {
        Self { http, base }
    }

    /// The registry that the environment names; see [`base_from_env`].
    pub fn base_from_env(host: &dyn Host) -> Option<Url> {
        base_from_env(host)
    }

    /// Its address.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// An address below `/api/v1`. Parts are escaped, so that a slug cannot lead elsewhere.
    fn address(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Url, SourceError> {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| refused(self.base.as_str(), "it is no address of a registry"))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(parts);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// An address below one skill.
    fn skill_address(
        &self,
        owner: Option<&str>,
        slug: &str,
        below: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Url, SourceError> {
        let parts = [&["skills", checked(slug)?], below].concat();
        self.address(&parts, &with_owner(owner, query)?)
    }

    fn ask(url: Url) -> Ask {
        Ask::json(url)
    }
}

fn with_owner<'a>(
    owner: Option<&'a str>,
    query: &[(&'a str, &'a str)],
) -> Result<Vec<(&'a str, &'a str)>, SourceError> {
    let mut query = query.to_vec();
    if let Some(owner) = owner {
        query.push(("ownerHandle", checked(owner.trim_start_matches('@'))?));
    }
    Ok(query)
}

/// A slug, handle or version as part of a path. `.` and `..` would be taken for directories and
/// left out of the address; anything with control characters is nobody's name.
fn checked(part: &str) -> Result<&str, SourceError> {
    let is_name = !part.is_empty()
        && part.len() <= 256
        && !matches!(part, "." | "..")
        && !part
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '/' | '\\'));
    if is_name {
        Ok(part)
    } else {
        Err(refused(part, "no skill, owner or version is called that"))
    }
}

fn refused(what: &str, reason: &str) -> SourceError {
    SourceError::Refused {
        what: format!("{:?}", one_line(what, 100)),
        reason: reason.to_owned(),
    }
}
