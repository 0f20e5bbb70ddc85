//! Everything but the core: the whole archive beside the installed files.

use std::collections::HashMap;
use std::path::PathBuf;

use exuvia_model::digest::hex;
use exuvia_model::scan::Artifact;
use exuvia_model::vetting::{Coverage, FindingKind};
use exuvia_model::{Asset, Finding, Update, Vetting};
use exuvia_sources::clawhub::FileEntry;
use exuvia_sources::npm::Want;
use exuvia_sources::{Archive, ArchiveFile, ArchiveProblem, SourceError};

use crate::installed::{self, Bundled, Installed, InstalledFile};
use crate::sources::{Sources, UNKNOWN_ARCHIVE};
use crate::vet::{self, File};

/// What ClawHub adds to an archive, and lists among no version's files.
const CLIENT_NOTE: &str = "_meta.json";

pub(super) async fn vet(
    sources: &Sources,
    asset: &Asset,
    update: &Update,
) -> Result<Vetting, String> {
    let listed = listed_files(sources, update).await;
    let size = listed
        .as_ref()
        .map(|files| files.iter().map(|file| file.size).sum());
    let _turn = sources.archive_turn(size.unwrap_or(UNKNOWN_ARCHIVE)).await;
    let archive = match fetch(sources, asset, update).await {
        Ok(archive) => archive,
        Err(error @ SourceError::IntegrityMismatch { .. }) => return Ok(mismatch(&error)),
        Err(error) => {
            return Err(format!(
                "what would be installed cannot be fetched: {error}"
            ));
        }
    };
    let (host, root) = (sources.host.clone(), PathBuf::from(&asset.path));
    let compared = sources.look(move || {
        let bundled = Bundled::of(archive.files.iter().map(|file| file.path.as_str()));
        let installed = installed::read(&host, &root, &bundled);
        compare(&installed, &archive, listed.as_deref())
    });
    compared.await.map_err(|error| error.to_string())
}

async fn fetch(sources: &Sources, asset: &Asset, update: &Update) -> Result<Archive, SourceError> {
    match &update.artifact {
        Artifact::Npm { package, .. } => {
            let installed = asset.current_version.as_ref().map(ToString::to_string);
            let want = installed.into_iter().fold(Want::tagged(), Want::and);
            let packument = sources.npm.packument(package, &want).await?;
            let offered = update.latest.version();
            let manifest = offered.and_then(|version| packument.manifest(version));
            let manifest = manifest.ok_or_else(|| SourceError::NotFound {
                url: format!("{package}@{}", update.latest),
            })?;
            sources.npm.tarball(manifest).await
        }
        Artifact::ClawHub {
            registry,
            slug,
            owner,
            version,
            ..
        } => {
            let clawhub =
                sources
                    .clawhub(Some(registry))
                    .await
                    .map_err(|reason| SourceError::Refused {
                        what: registry.clone(),
                        reason,
                    })?;
            clawhub.download(owner.as_deref(), slug, version).await
        }
        Artifact::Git {
            url,
            commit,
            subdir,
        } => {
            let (url, commit, subdir) = (url.clone(), commit.clone(), subdir.clone());
            sources
                .git(move |git| git.archive(&url, &commit, subdir.as_deref()))
                .await
        }
    }
}

/// The files that the registry says the version has; `None` where the source keeps no such list.
async fn listed_files(sources: &Sources, update: &Update) -> Option<Vec<FileEntry>> {
    let Artifact::ClawHub {
        registry,
        slug,
        owner,
        version,
        ..
    } = &update.artifact
    else {
        return None;
    };
    let clawhub = sources.clawhub(Some(registry)).await.ok()?;
    clawhub.files(owner.as_deref(), slug, version).await.ok()
}

fn compare(installed: &Installed, archive: &Archive, listed: Option<&[FileEntry]>) -> Vetting {
    let old: Vec<File<'_>> = installed
        .files
        .iter()
        .map(InstalledFile::as_vetted)
        .collect();
    // What is the same file as before has nothing new in it.
    let before: HashMap<&str, &InstalledFile> = installed
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let is_same = |file: &ArchiveFile| {
        before
            .get(file.path.as_str())
            .is_some_and(|old| old.sha256 == file.sha256 && old.executable == file.executable)
    };
    let new: Vec<File<'_>> = archive
        .files
        .iter()
        .filter(|file| !is_same(file))
        .map(offered)
        .collect();
    let mut findings: Vec<Finding> = archive.problems.iter().map(of_problem).collect();
    if let Some(listed) = listed {
        findings.extend(unlisted(archive, listed));
    }
    findings.extend(vet::compare(&old, &new));
    let unread = new.iter().filter(|file| file.content.is_none()).count();
    let coverage = coverage(installed, archive, unread);
    Vetting {
        coverage,
        artifact_digest: Some(archive.digest.clone()),
        findings,
    }
}

fn offered(file: &ArchiveFile) -> File<'_> {
    File {
        path: &file.path,
        executable: file.executable,
        size: file.size,
        content: file.content.as_deref(),
    }
}

/// How much was looked at: less than everything where the archive or the installed files were not
/// read as a whole.
fn coverage(installed: &Installed, archive: &Archive, unread: usize) -> Coverage {
    let reason = if let Some(problem) = archive.problems.first() {
        problem.to_string()
    } else if unread > 0 {
        format!("{unread} of {} files are too large", archive.files.len())
    } else if !installed.complete {
        "not every installed file could be read".to_owned()
    } else {
        return Coverage::Full;
    };
    Coverage::Incomplete { reason }
}

fn of_problem(problem: &ArchiveProblem) -> Finding {
    let words = problem.to_string();
    Finding::new(
        FindingKind::HostileArchive,
        "archive",
        "(archive)",
        None,
        &words,
    )
}

/// Files of the archive whose bytes are not those that the registry lists, and listed files that
/// the archive does not have.
fn unlisted(archive: &Archive, listed: &[FileEntry]) -> Vec<Finding> {
    let listed: HashMap<&str, &str> = listed
        .iter()
        .map(|file| (file.path.as_str(), file.sha256.as_str()))
        .collect();
    let packed: HashMap<&str, String> = archive
        .files
        .iter()
        .filter(|file| file.path != CLIENT_NOTE)
        .map(|file| (file.path.as_str(), hex(&file.sha256)))
        .collect();
    let differs = packed.iter().filter(|(path, sha256)| {
        listed
            .get(*path)
            .is_none_or(|digest| !digest.eq_ignore_ascii_case(sha256))
    });
    let differs =
        differs.map(|(path, _)| (*path, "not the bytes that the registry lists for this file"));
    let missing = listed.keys().filter(|path| !packed.contains_key(*path));
    let missing = missing.map(|path| (*path, "the registry lists it, the archive has it not"));
    differs
        .chain(missing)
        .map(|(path, words)| Finding::new(FindingKind::IntegrityMismatch, path, path, None, words))
        .collect()
}

fn mismatch(error: &SourceError) -> Vetting {
    let finding = Finding::new(
        FindingKind::IntegrityMismatch,
        "archive",
        "(archive)",
        None,
        &error.to_string(),
    );
    let reason = error.to_string();
    Vetting {
        coverage: Coverage::Incomplete { reason },
        artifact_digest: None,
        findings: vec![finding],
    }
}
