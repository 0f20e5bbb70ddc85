//! The bytes of a skill's versions, as their source has them now.

use std::collections::BTreeMap;
use std::sync::Arc;

use exuvia_host::{Home, Host};
use exuvia_model::digest::hex;
use exuvia_model::scan::{Artifact, Verdict};
use exuvia_model::{Digest, Revision};
use exuvia_sources::clawhub::{ClawHub, FileEntry, files_digest};
use exuvia_sources::git::Git;
use exuvia_sources::http::{Http, HttpOptions};
use exuvia_sources::{Archive, npm};
use url::Url;

use super::merge::{Item, Items, Kind};
use crate::Trouble;

/// What ClawHub adds to an archive, and lists among no version's files.
pub(super) const CLIENT_NOTE: &str = "_meta.json";

/// Where a skill's versions come from.
pub(super) enum Source {
    ClawHub {
        hub: ClawHub,
        slug: String,
        owner: Option<String>,
    },
    Git {
        git: Git,
        url: String,
        subdir: Option<String>,
    },
}

impl Source {
    /// The one that an artifact of a report names.
    pub(super) fn of(
        host: &Arc<dyn Host>,
        home: &Home,
        artifact: &Artifact,
    ) -> Result<Self, Trouble> {
        let cache = home.cache();
        match artifact {
            Artifact::ClawHub {
                registry,
                slug,
                owner,
                ..
            } => {
                let config = npm::Config::load(host.as_ref(), &cache)?;
                let options = HttpOptions::new(cache.join("http"));
                let http = Http::new(Arc::clone(host), options, &config)?;
                let base: Url = registry.parse().map_err(|error| {
                    Trouble::new(format!("{registry} is no address of a registry: {error}"))
                })?;
                Ok(Self::ClawHub {
                    hub: ClawHub::new(http, base),
                    slug: slug.clone(),
                    owner: owner.clone(),
                })
            }
            Artifact::Git { url, subdir, .. } => Ok(Self::Git {
                git: Git::new(Arc::clone(host), cache.join("git")),
                url: url.clone(),
                subdir: subdir.clone(),
            }),
            Artifact::Npm { .. } => Err(Trouble::new("a skill does not come from npm")),
        }
    }

    /// Whether its publisher is still the one whom it was installed from, and the registry still
    /// lets this version pass.
    pub(super) async fn vouches(
        &self,
        installed_from: Option<&str>,
        version: &Revision,
        approved: &Artifact,
    ) -> Result<(), Trouble> {
        let Self::ClawHub { hub, slug, owner } = self else {
            return Ok(());
        };
        let skill = hub.skill(owner.as_deref(), slug).await?;
        if let (Some(before), Some(after)) = (installed_from, skill.owner.as_deref())
            && !before.eq_ignore_ascii_case(after)
        {
            return Err(Trouble::new(format!(
                "{slug} was installed from {before} and is published by {after} now; if that is \
                 right, remove it and install it anew: `openclaw skills install @{after}/{slug}`"
            )));
        }
        if skill
            .moderation
            .is_some_and(|moderation| moderation.malware)
        {
            return Err(Trouble::new(format!(
                "{} holds {slug} for malware; look at it, or remove it",
                hub.base()
            )));
        }
        let name = match owner {
            Some(owner) => format!("@{}/{slug}", owner.trim_start_matches('@')),
            None => slug.clone(),
        };
        let asked = (name, version.to_string());
        let verdict = hub
            .verdicts(std::slice::from_ref(&asked))
            .await
            .remove(&asked);
        let was_unknown = matches!(
            approved,
            Artifact::ClawHub {
                verdict: Verdict::Unknown { .. },
                ..
            }
        );
        match verdict {
            Some(Verdict::Pass { .. }) => Ok(()),
            Some(Verdict::Fail { reasons, .. }) => Err(Trouble::new(format!(
                "{} judges {slug} {version} unsafe: {}",
                hub.base(),
                reasons.join("; ")
            ))),
            // That nobody knows was in the report, and was confirmed.
            _ if was_unknown => Ok(()),
            Some(Verdict::Unknown { reason }) => Err(Trouble::new(format!(
                "{} no longer says whether {slug} {version} is safe ({reason}); run `exuvia check` \
                 again",
                hub.base()
            ))),
            None => Err(Trouble::new(format!(
                "{} does not say whether {slug} {version} is safe; run `exuvia check` again",
                hub.base()
            ))),
        }
    }

    /// A version, whole and with nothing in it that harms whoever unpacks it. Where a digest was
    /// approved, it is that of these bytes.
    pub(super) async fn fetch(
        &self,
        version: &Revision,
        approved: Option<&Digest>,
    ) -> Result<Archive, Trouble> {
        let archive = match self {
            Self::ClawHub { hub, slug, owner } => {
                let (owner, version) = (owner.as_deref(), version.to_string());
                let listed = hub.files(owner, slug, &version).await?;
                if approved.is_some_and(|approved| *approved != files_digest(&listed)) {
                    return Err(Trouble::new(format!(
                        "the registry now promises other bytes for {slug} {version} than those in \
                         the report; run `exuvia check` again and look at what changed"
                    )));
                }
                let archive = hub.download(owner, slug, &version).await?;
                is_as_listed(&archive, &listed)?;
                archive
            }
            Self::Git { git, url, subdir } => {
                let (git, url, subdir) = (git.clone(), url.clone(), subdir.clone());
                let commit = version.to_string();
                if let Some(approved) = approved
                    && Digest::git(&commit).ok().as_ref() != Some(approved)
                {
                    return Err(Trouble::new("the commit is not the one in the report"));
                }
                let fetched = tokio::task::spawn_blocking(move || {
                    git.archive(&url, &commit, subdir.as_deref())
                });
                fetched.await??
            }
        };
        match archive.problems.first() {
            None => Ok(archive),
            Some(problem) => Err(Trouble::new(format!(
                "the archive of {} is not one that can be trusted: {problem}",
                version.short()
            ))),
        }
    }
}

/// Every file is one that the registry lists, with its bytes, and none is missing.
fn is_as_listed(archive: &Archive, listed: &[FileEntry]) -> Result<(), Trouble> {
    let mut open: BTreeMap<&str, &str> = listed
        .iter()
        .map(|file| (file.path.as_str(), file.sha256.as_str()))
        .collect();
    let files = archive.files.iter().filter(|file| file.path != CLIENT_NOTE);
    for file in files {
        let promised = open.remove(file.path.as_str());
        if !promised.is_some_and(|sha256| sha256.eq_ignore_ascii_case(&hex(&file.sha256))) {
            return Err(Trouble::new(format!(
                "{} in the archive is not the file that the registry lists",
                file.path
            )));
        }
    }
    // What is hostile in an archive is no file of it, and is told as such.
    match open.keys().next() {
        Some(path) if archive.problems.is_empty() => Err(Trouble::new(format!(
            "the registry lists {path}, and the archive does not have it"
        ))),
        _ => Ok(()),
    }
}

/// What an archive holds, to be merged.
pub(super) fn items(archive: &Archive) -> Items {
    let files = archive.files.iter().map(|file| {
        let kind = Kind::File {
            sha256: file.sha256,
            executable: file.executable,
        };
        let content = file.content.clone();
        (file.path.clone(), Item { kind, content })
    });
    let links = archive.links.iter().map(|link| {
        let target = link.target.clone();
        let kind = Kind::Link { target };
        let content = None;
        (link.path.clone(), Item { kind, content })
    });
    files.chain(links).collect()
}
