//! What is known of an npm package's changes: its repository's releases, then the changelog in its
//! archive, then the page that the scan named.

use exuvia_model::{Update, Version};
use exuvia_sources::github::GitHub;
use exuvia_sources::npm::Want;

use super::{Chain, Notes};
use crate::changelog::{self, Section};
use crate::sources::{Sources, UNKNOWN_ARCHIVE};

/// Names under which packages ship their changelog.
const CHANGELOGS: [&str; 6] = [
    "changelog.md",
    "changelog",
    "changelog.txt",
    "changes.md",
    "history.md",
    "releases.md",
];

pub(super) async fn notes(
    sources: &Sources,
    update: &Update,
    package: &str,
    repository: Option<&str>,
    chain: &mut Chain,
) -> Option<Notes> {
    let (Some(from), Some(to)) = (update.current.version(), update.latest.version()) else {
        chain.tried(package, "its versions cannot be ordered");
        return None;
    };
    if let Some(notes) = releases(sources, package, repository, from, to, chain).await {
        return Some(notes);
    }
    if let Some(notes) = shipped(sources, package, from, to, chain).await {
        return Some(notes);
    }
    page(sources, update, from, to, chain).await
}

async fn releases(
    sources: &Sources,
    package: &str,
    repository: Option<&str>,
    from: &Version,
    to: &Version,
    chain: &mut Chain,
) -> Option<Notes> {
    let Some(repository) = repository else {
        chain.tried(
            &format!("npm view {package} repository"),
            "it names no repository",
        );
        return None;
    };
    let Some((owner, repo)) = GitHub::slug_of(repository) else {
        chain.tried(repository, "not on GitHub: no releases to ask for");
        return None;
    };
    let source = format!("https://github.com/{owner}/{repo}/releases");
    let releases = match sources
        .github
        .releases(&owner, &repo, from, to, Some(package))
        .await
    {
        Ok(releases) => releases,
        Err(error) => {
            chain.tried(&source, &error);
            return None;
        }
    };
    let newest = releases.first().map(|release| release.url.clone());
    let sections: Vec<Section> = releases
        .into_iter()
        .map(|release| Section {
            version: release.version.to_string(),
            date: release.published_at.map(|at| at.to_string()),
            text: release.body,
        })
        .collect();
    let found = Notes::of(&sections, newest.as_deref().unwrap_or(&source));
    if found.is_none() {
        chain.tried(
            &source,
            &format!("no release between {from} and {to} has notes"),
        );
    }
    found
}

async fn shipped(
    sources: &Sources,
    package: &str,
    from: &Version,
    to: &Version,
    chain: &mut Chain,
) -> Option<Notes> {
    let want = Want::tagged().and(from.to_string());
    let source = format!("CHANGELOG.md in the archive of {package}@{to}");
    let fetched = async {
        let packument = sources.npm.packument(package, &want).await?;
        let manifest = packument.manifest(to).cloned();
        let _turn = sources.archive_turn(UNKNOWN_ARCHIVE).await;
        match manifest {
            Some(manifest) => sources.npm.tarball(&manifest).await.map(Some),
            None => Ok(None),
        }
    };
    let archive = match fetched.await {
        Ok(Some(archive)) => archive,
        Ok(None) => {
            chain.tried(&source, &format!("the registry does not describe {to}"));
            return None;
        }
        Err(error) => {
            chain.tried(&source, &error);
            return None;
        }
    };
    let changelog = archive.files.iter().find_map(|file| {
        let name = file.path.to_ascii_lowercase();
        CHANGELOGS.contains(&name.as_str()).then_some(())?;
        Some((
            file.path.as_str(),
            String::from_utf8_lossy(file.content.as_deref()?),
        ))
    });
    let Some((name, text)) = changelog else {
        chain.tried(&source, "the archive has none");
        return None;
    };
    let sections = changelog::range(&text, from, to);
    let found = Notes::of(
        &sections,
        &format!("{name} in the archive of {package}@{to}"),
    );
    if found.is_none() {
        chain.tried(
            &source,
            &format!("it says nothing of the versions above {from}"),
        );
    }
    found
}

async fn page(
    sources: &Sources,
    update: &Update,
    from: &Version,
    to: &Version,
    chain: &mut Chain,
) -> Option<Notes> {
    let url = update.changelog_url.as_deref()?;
    // The releases of GitHub were asked already, by its API.
    if chain.attempts.iter().any(|attempt| attempt.source == url) {
        return None;
    }
    match sources.http.text(url).await {
        Ok(text) => {
            let sections = changelog::range(&text, from, to);
            let found = Notes::of(&sections, url);
            if found.is_none() {
                chain.tried(
                    url,
                    &format!("it says nothing of the versions above {from}"),
                );
            }
            found
        }
        Err(error) => {
            chain.tried(url, &error);
            None
        }
    }
}
