//! What the user changed in an asset, file by file.
//!
//! The inventory tells from recorded digests *whether* an asset was changed; *which* files needs
//! the list of what was published, and that is the scan's to ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::{Host, Links};
use exuvia_model::asset::{ChangedFile, FileChange, LocalChanges, Provenance};
use exuvia_model::digest::hex;
use exuvia_model::{Asset, AssetKind};
use exuvia_openclaw::tree;
use exuvia_sources::git::Git;

use crate::installed::{self, Bundled, Installed};
use crate::sources::{Sources, aside};

/// Largest file of a checkout that is compared, in bytes.
const LARGEST_BLOB: u64 = 128 * 1024 * 1024;

/// Whether the inventory left something to be asked of the source.
pub(crate) fn are_open(asset: &Asset) -> bool {
    let known = match &asset.local_changes {
        LocalChanges::None { .. } => true,
        LocalChanges::Modified { files, .. } => !files.is_empty(),
        LocalChanges::Unknown { .. } => false,
    };
    !known && asset.kind.can_be_upgraded() && asset.kind != AssetKind::CoreNpm
}

/// Compares a skill with the files that its registry lists for the installed version.
pub(crate) async fn of_clawhub(sources: &Sources, asset: &Asset) -> Result<LocalChanges, String> {
    let Provenance::ClawHub {
        slug,
        owner,
        registry,
        ..
    } = &asset.provenance
    else {
        return Err("it does not come from ClawHub".to_owned());
    };
    let version = asset
        .current_version
        .as_ref()
        .ok_or("its version is not recorded")?
        .to_string();
    let clawhub = sources.clawhub(registry.as_deref()).await?;
    let listed = clawhub
        .files(owner.as_deref(), slug, &version)
        .await
        .map_err(|e| e.to_string())?;
    let published = listed
        .into_iter()
        .map(|file| (file.path, file.sha256))
        .collect();
    let basis = format!(
        "the files that {} lists for {slug} {version}",
        clawhub.base()
    );
    compare_digests(sources, asset, published, basis).await
}

/// Compares a plugin with the archive that was published as the installed version.
pub(crate) async fn with_archive(
    sources: &Sources,
    asset: &Asset,
    archive: &exuvia_sources::Archive,
    basis: String,
) -> Result<LocalChanges, String> {
    let published = archive
        .files
        .iter()
        .map(|file| (file.path.clone(), hex(&file.sha256)));
    compare_digests(sources, asset, published.collect(), basis).await
}

/// Compares what came from git with the commit that it stands on: in the user's own repository
/// where there is one, else in what the remote has.
pub(crate) async fn of_git(sources: &Sources, asset: &Asset) -> Result<LocalChanges, String> {
    let Provenance::Git { url, subdir, .. } = &asset.provenance else {
        return Err("it does not come from git".to_owned());
    };
    let commit = asset
        .current_commit
        .clone()
        .ok_or("its commit is not recorded")?;
    let basis = format!("commit {commit}");
    let repository = PathBuf::from(&asset.path).join(".git");
    let (url, subdir, asked) = (url.clone(), subdir.clone(), commit);
    if sources.host.metadata(&repository, Links::Refuse).is_err() {
        let archive = sources
            .git(move |git| git.archive(&url, &asked, subdir.as_deref()))
            .await;
        let archive = archive.map_err(|error| error.to_string())?;
        return with_archive(sources, asset, &archive, basis).await;
    }
    let listed = sources
        .git(move |git| git.tree(&repository, &asked, subdir.as_deref()))
        .await
        .map_err(|error| error.to_string())?;
    let published: BTreeMap<String, String> = listed
        .into_iter()
        .map(|entry| (entry.path, entry.oid))
        .collect();
    let (host, root) = (sources.host.clone(), PathBuf::from(&asset.path));
    let mut found = read(sources, asset, Bundled::default()).await?;
    let actual = aside(move || {
        let mut blobs = BTreeMap::new();
        for file in &mut found.files {
            let content = file.content.take();
            match content.map_or_else(|| whole(&host, &root, &file.path), Some) {
                Some(content) => {
                    blobs.insert(file.path.clone(), Git::blob_id(&content));
                }
                None => found.complete = false,
            }
        }
        (blobs, found)
    });
    let (actual, found) = actual.await.map_err(|error| error.to_string())?;
    Ok(told(differences(&published, &actual), basis, &found))
}

/// A file that was too large to be kept in memory with the others.
fn whole(host: &Arc<dyn Host>, root: &Path, path: &str) -> Option<Vec<u8>> {
    tree::read(&**host, root, Path::new(path), LARGEST_BLOB).ok()
}

async fn compare_digests(
    sources: &Sources,
    asset: &Asset,
    published: BTreeMap<String, String>,
    basis: String,
) -> Result<LocalChanges, String> {
    let bundled = Bundled::of(published.keys().map(String::as_str));
    let found = read(sources, asset, bundled).await?;
    let actual = found
        .files
        .iter()
        .map(|file| (file.path.clone(), hex(&file.sha256)))
        .collect();
    Ok(told(differences(&published, &actual), basis, &found))
}

async fn read(sources: &Sources, asset: &Asset, bundled: Bundled) -> Result<Installed, String> {
    let (host, root) = (sources.host.clone(), PathBuf::from(&asset.path));
    let read = aside(move || installed::read(&host, &root, &bundled));
    read.await.map_err(|error| error.to_string())
}

fn told(files: Vec<ChangedFile>, basis: String, found: &Installed) -> LocalChanges {
    if !files.is_empty() {
        LocalChanges::Modified { basis, files }
    } else if found.complete {
        LocalChanges::None { basis }
    } else {
        LocalChanges::unknown("not every file could be read")
    }
}

/// What is another in `actual` than in `published`, by path and digest.
fn differences(
    published: &BTreeMap<String, String>,
    actual: &BTreeMap<String, String>,
) -> Vec<ChangedFile> {
    let changed = actual.iter().filter_map(|(path, digest)| {
        let change = match published.get(path) {
            None => FileChange::Added,
            Some(expected) if expected != digest => FileChange::Edited,
            Some(_) => return None,
        };
        Some(ChangedFile {
            path: path.clone(),
            change,
        })
    });
    let deleted = published
        .keys()
        .filter(|path| !actual.contains_key(*path))
        .map(|path| ChangedFile {
            path: path.clone(),
            change: FileChange::Deleted,
        });
    let mut files: Vec<ChangedFile> = changed.chain(deleted).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned()))
            .collect()
    }

    #[test]
    fn every_changed_file_is_named_with_what_became_of_it() {
        let published = list(&[("SKILL.md", "1"), ("gone.md", "2"), ("same.md", "3")]);
        let actual = list(&[("SKILL.md", "9"), ("new.sh", "4"), ("same.md", "3")]);
        let names: Vec<_> = differences(&published, &actual)
            .into_iter()
            .map(|file| (file.path, file.change))
            .collect();
        let expected = [
            ("SKILL.md".to_owned(), FileChange::Edited),
            ("gone.md".to_owned(), FileChange::Deleted),
            ("new.sh".to_owned(), FileChange::Added),
        ];
        assert_eq!(names, expected);
        assert!(differences(&published, &published).is_empty());
    }
}
