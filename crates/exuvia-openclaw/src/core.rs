//! OpenClaw's own package, and what it brings along.

use std::collections::BTreeMap;
use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use exuvia_model::asset::{LocalChanges, Provenance};
use exuvia_model::install::PackageManager;
use exuvia_model::{Asset, AssetClass, AssetId, AssetKind, Digest, Revision};
use serde_json::Value;

use crate::label::shown_path;
use crate::{Install, git, json, script};

/// Largest `package.json` and list of contents that is read; the real ones have 30 KB and 2 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The installed package.
#[derive(Debug)]
pub(crate) struct Core {
    /// It as an asset.
    pub(crate) asset: Asset,
    /// `openclaw.schemaVersions` in its package.json: the database schemas that it writes.
    pub(crate) schema_versions: BTreeMap<String, u32>,
}

impl Install {
    /// The version of the package that lies on disk now, which need not be the one that runs.
    /// Nothing where there is no package, or where it does not say.
    pub fn package_version(&self, host: &dyn Host) -> Option<Revision> {
        let root = self.package_root.as_deref()?;
        let package = json::read(host, &root.join("package.json"), MAX_BYTES).ok()??;
        json::string(&package, "version")
            .or_else(|| build_version(host, root))
            .map(Revision::from)
    }
}

/// Reads the package at the install's root.
pub(crate) fn read(host: &dyn Host, install: &Install, root: &Path) -> Core {
    let provenance = Provenance::Npm {
        package: "openclaw".to_owned(),
        spec: None,
        integrity: None,
    };
    let path = root.to_string_lossy();
    let mut asset = Asset::new(AssetKind::CoreNpm, "openclaw", &path, provenance);
    asset.npm_package = Some("openclaw".to_owned());
    let package = json::read(host, &root.join("package.json"), MAX_BYTES)
        .unwrap_or_else(|problem| {
            asset.problems.push(problem);
            None
        })
        .unwrap_or_default();
    asset.current_version = json::string(&package, "version")
        .or_else(|| build_version(host, root))
        .map(Revision::from);
    if asset.current_version.is_none() {
        asset
            .problems
            .push("the package does not say its version".to_owned());
    }
    if install.package_manager == PackageManager::Git {
        from_checkout(host, &mut asset, root);
    }
    asset.installed_at = host
        .metadata(root, Links::Follow)
        .ok()
        .map(|meta| meta.modified.to_string());
    asset.content_digest = content_digest(host, root);
    asset.scripts = script::install_hooks(&package, &crate::tree::Tree::default(), false);
    asset.local_changes =
        LocalChanges::unknown("its files are compared with the published list before an upgrade");
    Core {
        asset,
        schema_versions: schema_versions(&package),
    }
}

/// What came inside the package, as the first Smart Updater told it: one entry with a count.
pub(crate) fn bundled(core: &Asset, name: &str, directory: &Path, count: usize) -> Asset {
    let path = directory.to_string_lossy();
    let mut asset = Asset::new(AssetKind::BuiltinBundled, name, &path, Provenance::Bundled);
    asset.id = AssetId::new(AssetClass::Builtin, name);
    asset.current_version.clone_from(&core.current_version);
    asset.count = Some(count.to_string());
    asset.local_changes = LocalChanges::unknown("it belongs to the core, and goes with it");
    asset
}

fn build_version(host: &dyn Host, root: &Path) -> Option<String> {
    let info = json::read(host, &root.join("dist/build-info.json"), MAX_BYTES);
    json::string(&info.ok()??, "version")
}

fn from_checkout(host: &dyn Host, asset: &mut Asset, root: &Path) {
    let checkout = git::read(host, root);
    asset.problems.extend(checkout.problems);
    asset.problems.push(format!(
        "{} is a checkout of the source: update it with `openclaw update`",
        shown_path(root)
    ));
    asset.current_commit = checkout.commit;
    asset.repo = checkout.remote.map(|remote| remote.url);
}

fn schema_versions(package: &Value) -> BTreeMap<String, u32> {
    let versions = package
        .get("openclaw")
        .and_then(|own| own.get("schemaVersions"));
    let versions = versions.and_then(Value::as_object).into_iter().flatten();
    versions
        .filter_map(|(name, value)| Some((name.clone(), u32::try_from(value.as_u64()?).ok()?)))
        .collect()
}

/// BLAKE3 over `package.json` and the package's own list of its contents, which holds a SHA-256 of
/// every file in `dist`: two files say what 37,000 should be.
fn content_digest(host: &dyn Host, root: &Path) -> Option<Digest> {
    let mut hasher = blake3::Hasher::new();
    for name in ["package.json", "dist/postinstall-content-inventory.json"] {
        let content = match read_limited(host, &root.join(name), MAX_BYTES, Links::Refuse) {
            Ok(content) => content,
            // Checkouts and old releases have no such list.
            Err(error) if error.is_not_found() && name.starts_with("dist") => Vec::new(),
            Err(_) => return None,
        };
        hasher.update(&(content.len() as u64).to_le_bytes());
        hasher.update(&content);
    }
    Some(Digest::blake3(hasher.finalize().as_bytes()))
}
