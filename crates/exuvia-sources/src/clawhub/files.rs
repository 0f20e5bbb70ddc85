//! The files of a version: listed, or in their archive.

use std::io::Read;

use exuvia_model::Digest;
use serde::{Deserialize, Serialize};

use super::{ClawHub, checked, with_owner};
use crate::archive::{Archive, Limits, zip};
use crate::http::Ask;
use crate::{SourceError, redact};

/// Largest zip that is read; it is in memory as a whole, since a zip's directory is at its end.
const MAX_ZIP: u64 = 64 << 20;

/// A file as the registry lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path inside the skill.
    pub path: String,
    /// Its length in bytes.
    #[serde(default)]
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    version: Option<WireVersion>,
}

#[derive(Serialize, Deserialize)]
struct WireVersion {
    #[serde(default)]
    files: Vec<FileEntry>,
}

/// A digest over the names and digests of a version's files: what the registry commits itself to
/// before anything is downloaded.
pub fn files_digest(files: &[FileEntry]) -> Digest {
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| format!("{}\0{}", file.path, file.sha256.to_ascii_lowercase()))
        .collect();
    lines.sort();
    let all = lines.join("\n");
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, all.as_bytes()).as_ref());
    Digest::sha256(&digest)
}

impl ClawHub {
    /// The files of a version, as the registry lists them.
    pub async fn files(
        &self,
        owner: Option<&str>,
        slug: &str,
        version: &str,
    ) -> Result<Vec<FileEntry>, SourceError> {
        let below = ["versions", checked(version)?];
        let ask = Self::ask(self.skill_address(owner, slug, &below, &[])?);
        let wire: Wire = self.http.json(&ask, "clawhub-files-1").await?;
        match wire.version {
            Some(version) => Ok(version.files),
            None => Err(SourceError::NotFound { url: ask.shown() }),
        }
    }

    /// What is in a version's archive.
    pub async fn download(
        &self,
        owner: Option<&str>,
        slug: &str,
        version: &str,
    ) -> Result<Archive, SourceError> {
        let query = [("slug", checked(slug)?), ("version", checked(version)?)];
        let url = self.address(&["download"], &with_owner(owner, &query)?)?;
        let shown = redact::url(&url);
        let read = move |body: &mut dyn Read| {
            let bad = |reason: String| SourceError::BadArchive {
                url: shown.clone(),
                reason,
            };
            let mut bytes = Vec::new();
            body.read_to_end(&mut bytes)
                .map_err(|error| bad(error.to_string()))?;
            zip::read(&bytes, Limits::SKILL).map_err(bad)
        };
        self.http.read(&Ask::archive(url, MAX_ZIP), read).await
    }
}
