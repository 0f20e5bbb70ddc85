//! Does an npm registry have a newer version of a package?

use exuvia_model::asset::LocalChanges;
use exuvia_model::scan::{Artifact, PublisherChange, SkipReason};
use exuvia_model::{Asset, AssetKind, Channel, Revision, Update, Version};
use exuvia_sources::github::GitHub;
use exuvia_sources::npm::{Manifest, Packument, Want};

use super::{Answer, open_changes};
use crate::local_changes;
use crate::sources::{Sources, UNKNOWN_ARCHIVE};

pub(super) async fn ask(
    sources: &Sources,
    asset: &Asset,
    package: &str,
    channel: Channel,
) -> (Answer, Option<LocalChanges>) {
    let installed = asset.current_version.as_ref().and_then(Revision::version);
    let want = match installed {
        Some(version) => Want::tagged().and(version.to_string()),
        None => Want::tagged(),
    };
    let packument = match sources.npm.packument(package, &want).await {
        Ok(packument) => packument,
        Err(error) => return (Answer::unreachable(asset, &error), None),
    };
    let Some(installed) = installed else {
        let reason = "the version that is installed cannot be read";
        return (Answer::unreachable(asset, &reason), None);
    };
    let before = packument.manifest(installed);
    let changes = match before {
        Some(manifest) => open_changes(asset, changes(sources, asset, manifest)).await,
        None => None,
    };
    (
        candidate(sources, asset, installed, before, &packument, channel).await,
        changes,
    )
}

async fn candidate(
    sources: &Sources,
    asset: &Asset,
    installed: &Version,
    before: Option<&Manifest>,
    packument: &Packument,
    channel: Channel,
) -> Answer {
    let Some((_, offered)) = channel.pick(&packument.dist_tags) else {
        return Answer::skipped(asset, SkipReason::NotOnChannel { channel });
    };
    if offered == installed {
        return Answer::up_to_date(asset);
    }
    if offered < installed {
        let (installed, offered) = (installed.to_string(), offered.to_string());
        return Answer::skipped(asset, SkipReason::OfferedIsOlder { installed, offered });
    }
    let Some(manifest) = packument.manifest(offered) else {
        let words = format!("the registry offers {offered} and does not describe it");
        return Answer::unreachable(asset, &words);
    };
    let (signature, attestation) = tokio::join!(
        sources.npm.signature(manifest),
        sources.npm.attestation(manifest)
    );
    let repository = manifest.repository.clone();
    let artifact = Artifact::Npm {
        package: manifest.name.clone(),
        tarball: manifest.tarball.to_string(),
        integrity: manifest.integrity.clone(),
        signature,
        attestation,
        engines_node: manifest.engines_node.clone(),
        schema_versions: manifest.schema_versions.clone(),
        deprecated: manifest.deprecated.clone(),
        publisher: publisher(before, manifest),
        repository: repository.clone(),
        dependencies: manifest.dependencies.clone(),
        install_scripts: manifest.install_scripts.clone(),
    };
    let current = Revision::Version(installed.clone());
    let latest = Revision::Version(offered.clone());
    Answer::Update(Box::new(Update {
        changelog_url: changelog_url(repository.as_deref()),
        npm_package: Some(manifest.name.clone()),
        published_at: packument.times.get(&offered.to_string()).copied(),
        ..Update::new(asset, current, latest, artifact)
    }))
}

/// Compares a plugin with what was published as its installed version. The core is not: its 37,000
/// files are verified when it is upgraded.
async fn changes(
    sources: &Sources,
    asset: &Asset,
    manifest: &Manifest,
) -> Result<LocalChanges, String> {
    if asset.kind == AssetKind::CoreNpm {
        return Err("the core is compared when it is upgraded".to_owned());
    }
    let _turn = sources.archive_turn(UNKNOWN_ARCHIVE).await;
    let archive = sources
        .npm
        .tarball(manifest)
        .await
        .map_err(|error| error.to_string())?;
    let basis = format!(
        "the published archive of {} {}",
        manifest.name, manifest.version
    );
    local_changes::with_archive(sources, asset, &archive, basis).await
}

/// Where a person reads what changed: the releases of the repository that the package names.
fn changelog_url(repository: Option<&str>) -> Option<String> {
    let repository = repository?;
    match GitHub::slug_of(repository) {
        Some((owner, repo)) => Some(format!("https://github.com/{owner}/{repo}/releases")),
        None => repository
            .starts_with("https://")
            .then(|| repository.to_owned()),
    }
}

/// A package may be published by any of its maintainers; it changed hands when the one who
/// published this version was none of them at the installed one.
fn publisher(before: Option<&Manifest>, after: &Manifest) -> PublisherChange {
    let (Some(old), Some(now)) = (before, after.publisher.as_deref()) else {
        return PublisherChange::Unknown;
    };
    let known = old
        .publisher
        .iter()
        .chain(&old.maintainers)
        .any(|name| name == now);
    match (&old.publisher, known) {
        (_, true) => PublisherChange::Same {
            publisher: now.to_owned(),
        },
        (Some(before), false) => PublisherChange::Changed {
            before: before.clone(),
            after: now.to_owned(),
        },
        (None, false) => PublisherChange::Unknown,
    }
}
