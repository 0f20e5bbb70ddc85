//! The core: its dependencies and install hooks, not its 37,000 files.

use exuvia_model::scan::Artifact;
use exuvia_model::vetting::Coverage;
use exuvia_model::{Asset, Update, Vetting};
use exuvia_openclaw::tree;
use std::path::Path;

use crate::sources::{Sources, aside};
use crate::vet::{self, ManifestFacts};

/// Largest package.json that is read, in bytes.
const MAX_MANIFEST: u64 = 8 * 1024 * 1024;

pub(super) async fn vet(
    sources: &Sources,
    asset: &Asset,
    update: &Update,
) -> Result<Vetting, String> {
    let Artifact::Npm {
        dependencies,
        install_scripts,
        integrity,
        ..
    } = &update.artifact
    else {
        return Err("the core does not come from npm".to_owned());
    };
    let installed = installed(sources, asset).await?;
    let offered = ManifestFacts {
        dependencies: dependencies.clone(),
        install_scripts: install_scripts.clone(),
        ..ManifestFacts::default()
    };
    // What the registry does not tell of the offered version is not compared.
    let installed = ManifestFacts {
        dependencies: installed.dependencies,
        install_scripts: installed.install_scripts,
        ..ManifestFacts::default()
    };
    Ok(Vetting {
        coverage: Coverage::Manifest,
        artifact_digest: integrity.clone(),
        findings: vet::compare_manifests(&installed, &offered),
    })
}

async fn installed(sources: &Sources, asset: &Asset) -> Result<ManifestFacts, String> {
    let (host, root) = (sources.host.clone(), asset.path.clone());
    let read = aside(move || {
        tree::read(
            &*host,
            Path::new(&root),
            Path::new("package.json"),
            MAX_MANIFEST,
        )
    });
    let bytes = read
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| e.to_string())?;
    let json: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("the installed package.json cannot be read: {error}"))?;
    Ok(ManifestFacts::from_package_json(&json))
}
