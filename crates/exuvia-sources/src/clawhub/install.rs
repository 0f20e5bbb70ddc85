//! How a skill is to be installed.

use serde::{Deserialize, Serialize};

use super::ClawHub;
use crate::SourceError;

/// A skill's place in a GitHub repository (`installKind: "github"`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitHubPlace {
    /// `owner/name`.
    pub repo: String,
    /// The directory in it.
    #[serde(default)]
    pub path: String,
    /// The commit.
    pub commit: String,
    /// ClawHub's hash over the directory's files.
    #[serde(default)]
    pub content_hash: Option<String>,
    /// The directory's page.
    #[serde(default)]
    pub source_url: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default)]
    github: Option<GitHubPlace>,
}

impl ClawHub {
    /// Where a skill lies on GitHub; `None` when the registry has it itself.
    pub async fn github_place(
        &self,
        owner: Option<&str>,
        slug: &str,
    ) -> Result<Option<GitHubPlace>, SourceError> {
        let ask = Self::ask(self.skill_address(owner, slug, &["install"], &[])?);
        match self.http.json::<Wire>(&ask, "clawhub-install-1").await {
            Ok(wire) => Ok(wire.github),
            // So the registry says that there is nothing to install.
            Err(SourceError::Status { status: 409, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
