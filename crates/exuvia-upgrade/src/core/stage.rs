//! Installing the new version beside the live one.

use std::sync::Arc;

use exuvia_host::{Host, Links, read_limited};
use exuvia_model::Version;
use exuvia_openclaw::Install;
use exuvia_sources::archive::Archive;
use exuvia_sources::http::{Http, HttpOptions};
use exuvia_sources::npm::{self, Manifest, Npm, Want};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Core, manager};
use crate::bytes::{same_bytes, whole};
use crate::tree::TreeId;
use crate::{Plan, Trouble};

/// Largest file of a package that is read to be compared.
const MAX_FILE: u64 = 512 << 20;
/// Largest package.json.
const MAX_JSON: u64 = 4 << 20;

impl Core {
    /// Has the package manager install the version beside the live one, on the same file system,
    /// without running any script of it; then compares every file with the archive of the approved
    /// digest. Meanwhile OpenClaw checks what is live.
    pub(super) async fn stage(&mut self) -> Result<(), Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        let install = self.upgrades.install.clone();
        let plan = Arc::clone(&self.plan);
        let installing = tokio::task::spawn_blocking({
            let (host, install, plan) = (host.clone(), install.clone(), plan.clone());
            let disk = self.upgrades.disk.clone();
            move || manager::stage(host.as_ref(), &disk, &install, &plan)
        });
        // It fetches the same for itself, and both have their share of the work; what OpenClaw's own
        // checks say of the live version, too, is not needed before. It is waited for in any case:
        // what it writes afterwards nobody would remove.
        let (archive, live, installed) =
            tokio::join!(self.approved(), self.check_live(), installing);
        live?;
        installed??;
        let archive = archive?;
        let compared = tokio::task::spawn_blocking(move || {
            compare(host.as_ref(), &plan, &archive)?;
            fits(host.as_ref(), &install, &plan)
        });
        compared.await??;
        let new_tree = TreeId::of(self.upgrades.host.as_ref(), &self.plan.other())?;
        self.learn(|facts| facts.new_tree = new_tree)
    }

    /// The archive whose digest was approved, as the registry serves it now.
    async fn approved(&self) -> Result<Archive, Trouble> {
        let (npm, manifest) = self.promised().await?;
        whole(npm.tarball(&manifest).await?, &self.to)
    }

    /// What the registry says of the version now, if it still promises the bytes that were approved.
    pub(super) async fn promised(&self) -> Result<(Npm, Manifest), Trouble> {
        let (Plan { asset, digest, .. }, to) = (&*self.plan, &self.to);
        let host = Arc::clone(&self.upgrades.host);
        let cache = self.upgrades.home.cache();
        let config = npm::Config::load(&*host, &cache)?;
        let http = Http::new(host, HttpOptions::new(cache.join("http")), &config)?;
        let npm = Npm::new(http, config);
        let want = Want::tagged().and(to.to_string());
        let packument = npm.packument("openclaw", &want).await?;
        let manifest = packument
            .manifest(to)
            .ok_or_else(|| Trouble::new(format!("the registry no longer has {asset} {to}")))?;
        same_bytes(digest.as_ref(), manifest.integrity.as_ref(), to)?;
        let manifest = manifest.clone();
        Ok((npm, manifest))
    }
}

fn satisfies(version: &str, range: &str) -> bool {
    let version: Option<Version> = version.parse().ok();
    version.and_then(|version| version.satisfies(range)) == Some(true)
}

/// Every file of the archive is there, whole, and the package says who it is.
fn compare(host: &dyn Host, plan: &Plan, archive: &Archive) -> Result<(), Trouble> {
    let (_, package) = plan.packages();
    for file in &archive.files {
        let path = package.join(&file.path);
        let content = read_limited(host, &path, MAX_FILE, Links::Refuse)?;
        if Sha256::digest(&content)[..] != file.sha256 {
            return Err(Trouble::new(format!(
                "{} is not the file of the archive that was approved",
                path.display()
            )));
        }
    }
    Ok(())
}

/// The package is the version that it should be, and the Node that will run it is one that it runs
/// on.
fn fits(host: &dyn Host, install: &Install, plan: &Plan) -> Result<(), Trouble> {
    let path = plan.packages().1.join("package.json");
    let json = read_limited(host, &path, MAX_JSON, Links::Refuse)?;
    let json: Value = serde_json::from_slice(&json)?;
    let version = json
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if version != plan.to.to_string() {
        return Err(Trouble::new(format!(
            "what was installed says that it is {version:?} and not {}",
            plan.to
        )));
    }
    let range = json.pointer("/engines/node").and_then(Value::as_str);
    let runtime = install.node_runtime(host);
    match (range, runtime) {
        (None, _) => Ok(()),
        (Some(range), Some(runtime)) if satisfies(&runtime.version, range) => Ok(()),
        (Some(range), runtime) => {
            let found = runtime.map_or_else(|| "none was found".to_owned(), |it| it.version);
            Err(Trouble::new(format!(
                "{} needs Node {range}, and the gateway runs on {found}; install that Node first",
                plan.to
            )))
        }
    }
}
