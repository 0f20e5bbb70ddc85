//! Having npm install the new version beside the live one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::disk::Disk;
use exuvia_host::{Host, Links, read_limited};
use exuvia_openclaw::Install;
use exuvia_sources::Archive;
use serde_json::{Value, json};

use super::ExtensionWorks;
use super::compare::{content, differences};
use super::source::Offered;
use crate::Trouble;
use crate::core::npm;
use crate::tree::TreeId;

/// Largest package.json.
const MAX_JSON: u64 = 8 << 20;
/// What OpenClaw gives npm to install a plugin by (`createSafeNpmInstallArgs`, 2026.9.5).
const INSTALL: [&str; 6] = [
    "install",
    "--omit=dev",
    "--omit=peer",
    // Its peer is the OpenClaw that it runs in, which is linked.
    "--legacy-peer-deps",
    "--ignore-scripts",
    "--workspaces=false",
];

impl ExtensionWorks {
    /// A project like the live one, with the other version, made by npm without running any script;
    /// then every file of the plugin is compared with the archive of the approved digest.
    pub(super) async fn stage(&mut self) -> Result<(), Trouble> {
        let offered = self.offered.take();
        let Offered { archive, manifest } =
            offered.ok_or_else(|| Trouble::new("nothing was made ready"))?;
        let (upgrades, plan) = (&self.core.upgrades, &self.core.plan);
        let stage = Stage {
            host: Arc::clone(&upgrades.host),
            disk: upgrades.disk.clone(),
            install: upgrades.install.clone(),
            live: plan.live.clone(),
            root: plan.beside.clone(),
            package: self.extension.package.clone(),
            version: manifest.version.to_string(),
        };
        let staged = tokio::task::spawn_blocking(move || stage.make(&archive).map(|()| stage));
        let stage = staged.await??;
        let own = content(stage.host.as_ref(), &stage.package_dir());
        let new_tree = TreeId::of(stage.host.as_ref(), &stage.root)?;
        self.core.learn(|facts| facts.new_tree = new_tree)?;
        self.learn(|facts| facts.new_content = own)
    }
}

struct Stage {
    host: Arc<dyn Host>,
    disk: Disk,
    install: Install,
    live: PathBuf,
    root: PathBuf,
    package: String,
    version: String,
}

impl Stage {
    fn package_dir(&self) -> PathBuf {
        self.root.join("node_modules").join(&self.package)
    }

    fn make(&self, archive: &Archive) -> Result<(), Trouble> {
        let host = self.host.as_ref();
        self.begin()?;
        let path = self.live.join("package.json");
        let project = read_limited(host, &path, MAX_JSON, Links::Refuse)?;
        let project = self.project(serde_json::from_slice(&project)?)?;
        let project = serde_json::to_vec_pretty(&project)?;
        host.write_atomic(&self.root.join("package.json"), &project, 0o600)?;
        let command = npm::within(host, &self.install, &self.root, &INSTALL)?;
        let command = command.env("npm_config_package_lock", "true");
        let what = format!("install {}@{}", self.package, self.version);
        npm::run(host, &command, &what)?;
        let other = differences(host, &self.package_dir(), archive)?;
        if let Some(file) = other.first() {
            return Err(Trouble::new(format!(
                "{} is not as in the archive that was approved",
                self.package_dir().join(file).display()
            )));
        }
        self.link_host()?;
        self.disk.open_dir(&self.root)?.sync_file_system()?;
        Ok(())
    }

    /// An empty directory with the live one's mode, which must be the same user's.
    fn begin(&self) -> Result<(), Trouble> {
        self.host.remove_tree(&self.root)?;
        let above = self.root.parent().unwrap_or(Path::new("/"));
        self.host.create_private_dir(above)?;
        let live = self.disk.open_dir(&self.live)?.stat_self()?;
        let above = self.disk.open_dir(above)?;
        let name = self.root.file_name().unwrap_or_default();
        above.make_dir(name, live.mode & 0o777)?;
        above.set_directory_mode(name, live.mode & 0o777)?;
        if above.stat(name)?.uid == live.uid {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} belongs to another user; run exuvia as the user who owns it",
            self.live.display()
        )))
    }

    /// The live project with the other version: what OpenClaw pins for its plugins stays.
    fn project(&self, mut project: Value) -> Result<Value, Trouble> {
        let dependencies = project.get_mut("dependencies");
        let dependencies = dependencies.and_then(Value::as_object_mut);
        match dependencies {
            Some(only) if only.len() == 1 && only.contains_key(&self.package) => {
                only.insert(self.package.clone(), json!(self.version));
                Ok(project)
            }
            _ => Err(Trouble::new(format!(
                "{} holds more than {}, so it cannot be exchanged as a whole; `openclaw plugins \
                 update` puts it into a directory of its own",
                self.live.display(),
                self.package
            ))),
        }
    }

    /// A plugin finds OpenClaw by a link that OpenClaw's installer makes (`plugin-peer-link`).
    fn link_host(&self) -> Result<(), Trouble> {
        let host = self.host.as_ref();
        let dir = self.package_dir();
        let json = read_limited(host, &dir.join("package.json"), MAX_JSON, Links::Refuse)?;
        let json: Value = serde_json::from_slice(&json)?;
        let openclaw = OsStr::new("openclaw");
        let Some(package) = self.install.package_root.as_deref() else {
            return Ok(());
        };
        if json.pointer("/peerDependencies/openclaw").is_none() {
            return Ok(());
        }
        let modules = OsStr::new("node_modules");
        let package_dir = self.disk.open_dir(&dir)?;
        if host.metadata(&dir.join(modules), Links::Refuse).is_err() {
            package_dir.make_dir(modules, 0o755)?;
        }
        let modules = package_dir.open_dir(modules)?;
        if host
            .metadata(&modules.path().join(openclaw), Links::Refuse)
            .is_ok()
        {
            return Ok(());
        }
        modules.make_symlink(package.as_os_str(), openclaw)?;
        Ok(())
    }
}
