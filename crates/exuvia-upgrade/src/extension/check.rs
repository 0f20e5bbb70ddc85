//! Gate 1: whether it may be done at all. Changes nothing but a scratch directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_gateway::running::Presence;
use exuvia_host::Links;
use exuvia_model::asset::Provenance;
use exuvia_model::scan::Artifact;
use exuvia_model::upgrade::Kind;
use exuvia_model::{Asset, Version};
use exuvia_openclaw::plugin::{NewVersion, RecordText, record_text};
use exuvia_openclaw::tree::{self, Limits};
use exuvia_sources::Archive;
use serde_json::Value;

use super::compare::{content, differences};
use super::source::{Offered, version};
use super::{ExtensionWorks, plan};
use crate::run::Upgrades;
use crate::tree::TreeId;
use crate::{Generations, Trouble};

/// Room that is wanted besides that of two trees, in bytes: the state and logs.
const SPARE: u64 = 128 << 20;
/// How many files are named.
const NAMED: usize = 10;
/// Hooks that npm runs when it installs a package.
const HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];
/// What of a manifest says nothing of what the plugin may do.
const HARMLESS: [&str; 3] = ["name", "description", "version"];

impl ExtensionWorks {
    pub(super) async fn check(&mut self) -> Result<(), Trouble> {
        self.core.upgrades.must_allow_plan(&self.core.plan)?;
        let asset = self.asset().await?;
        self.is_the_one(&asset)?;
        let record = self.record()?;
        let old_tree = TreeId::of(self.core.upgrades.host.as_ref(), &self.core.plan.live)?;
        self.core.learn(|facts| facts.old_tree = old_tree)?;
        self.learn(|facts| {
            facts.old_content.clone_from(&asset.content_digest);
            facts.old_record = Some(record.clone());
        })?;
        match self.core.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => self.check_upgrade(&asset, &record).await?,
            Kind::Rollback => self.check_generation()?,
        }
        self.check_place()?;
        self.check_gateway().await
    }

    /// The plugin as it is now.
    pub(super) async fn asset(&self) -> Result<Asset, Trouble> {
        let host = Arc::clone(&self.core.upgrades.host);
        let install = self.core.upgrades.install.clone();
        let id = self.core.plan.asset.clone();
        let found =
            tokio::task::spawn_blocking(move || plan::find(host.as_ref(), &install, &id)).await?;
        let found = found.map(|(asset, _)| asset);
        found.ok_or_else(|| {
            Trouble::new(format!(
                "{} is not there any more; run `exuvia check` again",
                self.core.plan.asset
            ))
        })
    }

    /// What the index says of it now.
    pub(super) fn record(&self) -> Result<RecordText, Trouble> {
        let Upgrades { host, install, .. } = &self.core.upgrades;
        Ok(record_text(host.as_ref(), install, &self.extension.id)?)
    }

    /// It is what the report is about, its source is known, and no other plugin has its id.
    fn is_the_one(&self, asset: &Asset) -> Result<(), Trouble> {
        let (host, plan) = (self.core.upgrades.host.as_ref(), &self.core.plan);
        let path = host.canonicalize(Path::new(&asset.path))?;
        let lies_there = path == host.canonicalize(&self.package_in(&plan.live))?;
        if !lies_there || asset.revision().as_ref() != Some(&plan.from) {
            return Err(Trouble::new(format!(
                "{} is no longer the {} {} that this is about; run `exuvia check` again",
                plan.live.display(),
                self.extension.name,
                plan.from.short()
            )));
        }
        if plan.kind == Kind::Rollback {
            return Ok(());
        }
        if let Provenance::Untracked { reason } = &asset.provenance {
            return Err(Trouble::new(format!(
                "where it came from is not known: {reason}; install it anew with `openclaw plugins \
                 install`"
            )));
        }
        if let Some(conflict) = asset.conflicts.first() {
            return Err(Trouble::new(format!(
                "{} has the same id ({}), and only one of them is loaded; remove one: `openclaw \
                 plugins uninstall`",
                conflict.other_path, conflict.name
            )));
        }
        let (from, to) = (version(&plan.from)?, version(&plan.to)?);
        if to <= from {
            return Err(Trouble::new(format!(
                "{to} is not newer than {from}; `exuvia rollback` goes back"
            )));
        }
        Ok(())
    }

    /// Where a project has the plugin.
    pub(super) fn package_in(&self, project: &Path) -> PathBuf {
        project.join("node_modules").join(&self.extension.package)
    }

    async fn check_upgrade(&mut self, asset: &Asset, record: &RecordText) -> Result<(), Trouble> {
        let (offered, installed) = self.fetch().await?;
        let host = self.core.upgrades.host.as_ref();
        let edited = differences(host, Path::new(&asset.path), &installed)?;
        if !edited.is_empty() {
            return Err(self.edited(&edited));
        }
        self.fits(&offered, record, Path::new(&asset.path))?;
        let unnamed = || Trouble::new("the registry promises no digest for it");
        let integrity = offered.manifest.integrity.as_ref().ok_or_else(unnamed)?;
        let new = record.at_version(
            &self.extension.id,
            &NewVersion {
                package: &self.extension.package,
                version: &offered.manifest.version.to_string(),
                integrity: integrity.as_str(),
                shasum: offered.manifest.shasum.as_deref(),
                path: &self.package_in(&self.extension.place),
                at: host.now(),
            },
        )?;
        self.learn(|facts| facts.new_record = Some(new))?;
        self.offered = Some(offered);
        Ok(())
    }

    fn edited(&self, edited: &[String]) -> Trouble {
        let named: Vec<&str> = edited.iter().take(NAMED).map(String::as_str).collect();
        let more = match edited.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Trouble::new(format!(
            "it was edited here since {}: {}{more}; undo that, or copy it aside and install it anew",
            self.core.plan.from.short(),
            named.join(", ")
        ))
    }

    /// The archive is of the version and the plugin that it should be, runs on what is there, and
    /// wants no more than was told.
    fn fits(&self, offered: &Offered, record: &RecordText, live: &Path) -> Result<(), Trouble> {
        let (Upgrades { host, install, .. }, to) = (&self.core.upgrades, &self.core.plan.to);
        let archive = &offered.archive;
        let package = json_in(archive, "package.json")?;
        let text = |pointer: &str| package.pointer(pointer).and_then(Value::as_str);
        let is_it = text("/name") == Some(&self.extension.package)
            && text("/version") == Some(to.to_string().as_str());
        if !is_it {
            return Err(Trouble::new(format!(
                "the archive of {} {to} says that it is {} {}",
                self.extension.package,
                text("/name").unwrap_or("of no name"),
                text("/version").unwrap_or("of no version")
            )));
        }
        self.names_its_hooks(&package)?;
        self.has_no_peers(&package)?;
        let runtime = install.node_runtime(host.as_ref()).map(|node| node.version);
        wants("Node", text("/engines/node"), runtime.as_deref())?;
        let found = install.package_version(host.as_ref());
        let openclaw = found.as_ref().and_then(|found| found.version());
        let openclaw = openclaw.map(Version::to_string);
        for pointer in [
            "/openclaw/compat/pluginApi",
            "/openclaw/install/minHostVersion",
        ] {
            wants("OpenClaw", text(pointer), openclaw.as_deref())?;
        }
        let manifest = json_in(archive, "openclaw.plugin.json")?;
        let id = manifest.get("id").and_then(Value::as_str);
        if id != Some(self.extension.id.as_str()) {
            return Err(Trouble::new(format!(
                "{to} calls itself {:?} and not {}, so OpenClaw would take it for another plugin",
                id.unwrap_or_default(),
                self.extension.id
            )));
        }
        let asks = record.text("acceptedSurfaceHash").is_some();
        let file = live.join("openclaw.plugin.json");
        let before = exuvia_host::read_limited(host.as_ref(), &file, MAX_JSON, Links::Refuse)?;
        if asks && harmful(serde_json::from_slice(&before)?) != harmful(manifest) {
            return Err(Trouble::new(format!(
                "{to} may do other things than what was accepted of {}; look at them, and accept \
                 them: `openclaw plugins update {} --accept-capabilities`",
                self.core.plan.from.short(),
                self.extension.id
            )));
        }
        Ok(())
    }

    /// It has no install script that the report did not name. None is run, as OpenClaw runs none.
    fn names_its_hooks(&self, package: &Value) -> Result<(), Trouble> {
        let named = match &self.extension.artifact {
            Some(Artifact::Npm {
                install_scripts, ..
            }) => install_scripts.clone(),
            _ => std::collections::BTreeMap::new(),
        };
        for hook in HOOKS {
            let found = package.pointer(&format!("/scripts/{hook}"));
            let found = found.and_then(Value::as_str);
            if let Some(command) =
                found.filter(|it| named.get(hook).map(String::as_str) != Some(it))
            {
                return Err(Trouble::new(format!(
                    "it has an install script that the report does not name ({hook}: {command}); run \
                     `exuvia check` again"
                )));
            }
        }
        Ok(())
    }

    /// It has no peer but OpenClaw. Of others OpenClaw's own installer finds out which versions go
    /// together, and writes them into the project.
    fn has_no_peers(&self, package: &Value) -> Result<(), Trouble> {
        let peers = package.get("peerDependencies").and_then(Value::as_object);
        let mut others = peers.into_iter().flatten().map(|(name, _)| name);
        match others.find(|name| *name != "openclaw") {
            None => Ok(()),
            Some(peer) => Err(Trouble::new(format!(
                "it wants {peer} beside it, which only OpenClaw's own installer arranges: `exuvia \
                 snapshot create`, `openclaw plugins update {}`, `exuvia restart`",
                self.extension.id
            ))),
        }
    }

    fn check_generation(&mut self) -> Result<(), Trouble> {
        let upgrades = &self.core.upgrades;
        let host = Arc::clone(&upgrades.host);
        let generations = Generations::read(host.as_ref(), &upgrades.home, &upgrades.install.id())?;
        let undone = self.core.plan.undoes.as_ref();
        let generation = undone
            .and_then(|run| generations.of_run(run))
            .ok_or_else(|| Trouble::new("what the rollback leads to is not kept any more"))?
            .clone();
        let beside = &self.core.plan.beside;
        if TreeId::of(host.as_ref(), beside)? != Some(generation.tree) {
            return Err(Trouble::new(format!(
                "{} {} is no longer at {}",
                self.extension.name,
                generation.version.short(),
                beside.display()
            )));
        }
        if TreeId::of(host.as_ref(), &self.extension.place)?.is_some() {
            return Err(Trouble::new(format!(
                "{} is in the way; move it aside",
                self.extension.place.display()
            )));
        }
        let content = content(host.as_ref(), &self.package_in(beside));
        let record = generation.extension.map(|kept| kept.record);
        self.core
            .learn(|facts| facts.new_tree = Some(generation.tree))?;
        self.learn(|facts| {
            facts.new_content = content;
            facts.new_record = record;
        })
    }

    /// There is room, and what is staged and kept lies on the same file system.
    fn check_place(&self) -> Result<(), Trouble> {
        let Upgrades {
            host,
            disk,
            install,
            ..
        } = &self.core.upgrades;
        let live = &self.core.plan.live;
        let projects = live.parent().unwrap_or(Path::new("/"));
        let device = |path: &Path| host.metadata(path, Links::Follow).map(|meta| meta.device);
        if !host.is_writable(projects) || !host.is_writable(&install.state_dir) {
            return Err(Trouble::new(format!(
                "{} cannot be replaced by this user; run exuvia as the user who owns it",
                live.display()
            )));
        }
        if device(projects)? != device(&install.state_dir)? {
            return Err(Trouble::new(format!(
                "{} lies on another file system than {}, so nothing can be moved between them",
                projects.display(),
                install.state_dir.display()
            )));
        }
        let tree = tree::walk(host.as_ref(), live, &Limits::default());
        let wanted = match self.core.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => tree.len() * 2 + SPARE,
            Kind::Rollback => SPARE,
        };
        let free = disk.open_dir(projects)?.free_space()?;
        if free < wanted {
            return Err(Trouble::new(format!(
                "{} has {} MB free and {} MB may be needed; make room (`exuvia snapshot prune`)",
                projects.display(),
                free >> 20,
                wanted >> 20
            )));
        }
        Ok(())
    }

    /// Where a gateway runs it must work, and where none does OpenClaw's own checks must pass: else
    /// what the plugin breaks could not be told from what was broken.
    async fn check_gateway(&mut self) -> Result<(), Trouble> {
        let runs = match self.core.presence() {
            Presence::Runs(_) => true,
            Presence::Nothing => false,
            Presence::Unknown { why } => {
                return Err(Trouble::new(format!(
                    "whether OpenClaw runs cannot be told: {why}"
                )));
            }
        };
        self.learn(|facts| facts.runs = runs)?;
        if runs {
            self.core.upgrades.restarts.secure_overseer().await?;
            self.core.check_health().await?;
        }
        match self.core.plan.kind {
            Kind::Rollback => Ok(()),
            Kind::Upgrade | Kind::Rehearsal => self.core.check_live().await,
        }
    }
}

/// Largest manifest.
const MAX_JSON: u64 = 8 << 20;

fn json_in(archive: &Archive, name: &str) -> Result<Value, Trouble> {
    let file = archive.files.iter().find(|file| file.path == name);
    let content = file.and_then(|file| file.content.as_deref());
    let content = content
        .ok_or_else(|| Trouble::new(format!("it has no {name}, so OpenClaw would not load it")))?;
    serde_json::from_slice(content)
        .map_err(|error| Trouble::new(format!("its {name} cannot be read: {error}")))
}

fn harmful(mut manifest: Value) -> Value {
    if let Some(fields) = manifest.as_object_mut() {
        fields.retain(|key, _| !HARMLESS.contains(&key.as_str()));
    }
    manifest
}

/// What it says that it runs on is there.
fn wants(what: &str, range: Option<&str>, found: Option<&str>) -> Result<(), Trouble> {
    let Some(range) = range else {
        return Ok(());
    };
    let version: Option<Version> = found.and_then(|found| found.parse().ok());
    match version.and_then(|version| version.satisfies(range)) {
        Some(true) => Ok(()),
        _ => Err(Trouble::new(format!(
            "it needs {what} {range}, and {} is there; install that first",
            found.unwrap_or("none")
        ))),
    }
}
