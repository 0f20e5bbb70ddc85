//! What is to be done with a plugin, and what cannot be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Host, HostError, Links};
use exuvia_model::asset::Provenance;
use exuvia_model::report::Entry;
use exuvia_model::scan::Artifact;
use exuvia_model::upgrade::Kind;
use exuvia_model::{Asset, AssetId, Revision};
use exuvia_openclaw::Install;
use exuvia_openclaw::config::Config;
use exuvia_openclaw::plugin::{self, PluginIndex};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::skill::{dated, plain};
use crate::{ExtensionPlan, Generation, KeptExtension, Plan, Subject};

/// Where what is replaced is kept, below the state directory.
const BACKUPS: &str = "extensions-backup";
/// Where OpenClaw's npm projects are, below the state directory (`plugins/install-paths`).
const PROJECTS: &str = "npm/projects";
/// Between a project's name and what tells its versions apart (`PLUGIN_NPM_GENERATION_…`).
const GENERATION: &str = "__openclaw-generation__";
/// How many digits of a digest follow.
const DIGITS: usize = 16;

/// Why a plugin cannot be replaced, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not there any more.
    #[error("{0} is no longer installed; run `exuvia check` again")]
    Gone(AssetId),
    /// The report is about something else.
    #[error("{0} is no package from npm in the report; run `exuvia check` again")]
    NotNpm(AssetId),
    /// It does not lie where OpenClaw puts plugins.
    #[error(
        "{path} is not where OpenClaw puts plugins from npm now, so it cannot be exchanged; `openclaw \
         plugins update {id}` moves it there"
    )]
    Elsewhere {
        /// The plugin.
        id: String,
        /// Where it lies.
        path: String,
    },
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// The plugin of this id as it lies there now, and what OpenClaw calls it.
pub(super) fn find(host: &dyn Host, install: &Install, id: &AssetId) -> Option<(Asset, String)> {
    let config = Config::read(host, install);
    let agents = config.agents(host, install);
    let index = PluginIndex::read(host, install, &config);
    let name = plugin::recorded_id(&index, id)?;
    let plugins = plugin::inventory(host, install, &config, &agents, &index);
    let found = plugins.assets.into_iter().find(|asset| asset.id == *id)?;
    Some((found, name))
}

/// What a plugin is at; nothing where it is not there any more.
pub fn revision(host: &dyn Host, install: &Install, id: &AssetId) -> Option<Revision> {
    find(host, install, id)?.0.revision()
}

/// An upgrade to what an entry of a report offers.
pub fn plan_upgrade(
    host: &dyn Host,
    install: &Install,
    entry: &Entry,
    report: &str,
    soak: Duration,
) -> Result<Plan, Refusal> {
    let update = &entry.update;
    let id = &update.asset_id;
    let (asset, plugin) = find(host, install, id).ok_or_else(|| Refusal::Gone(id.clone()))?;
    let (Provenance::Npm { package, .. }, Artifact::Npm { integrity, .. }) =
        (&asset.provenance, &update.artifact)
    else {
        return Err(Refusal::NotNpm(id.clone()));
    };
    let live = project(host, install, &asset, package)?.ok_or_else(|| Refusal::Elsewhere {
        id: plugin.clone(),
        path: asset.path.clone(),
    })?;
    let now = host.now();
    let shelf = install.state_dir.join(BACKUPS).join(plain(&plugin));
    let integrity = integrity.as_ref().map_or("", |digest| digest.as_str());
    let key = format!("{package}\n{}\n{integrity}", update.latest);
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Upgrade,
        asset: id.clone(),
        beside: shelf.join(format!(".staged-{}", now.as_millisecond())),
        subject: Subject::Extension(Box::new(ExtensionPlan {
            name: asset.name,
            id: plugin,
            package: package.clone(),
            artifact: Some(update.artifact.clone()),
            place: place(host, &live, &key, now)?,
            kept: shelf.join(dated(&update.current, now)),
        })),
        live,
        from: update.current.clone(),
        to: update.latest.clone(),
        digest: entry.artifact_digest.clone(),
        report: Some(report.to_owned()),
        ahead: false,
        keep: false,
        undoes: None,
        soak,
    })
}

/// The way back to what was kept.
pub fn plan_rollback(
    host: &dyn Host,
    install: &Install,
    generation: &Generation,
    kept: &KeptExtension,
    soak: Duration,
) -> Result<Plan, Refusal> {
    let id = &generation.asset;
    let (asset, _) = find(host, install, id).ok_or_else(|| Refusal::Gone(id.clone()))?;
    let live =
        project(host, install, &asset, &kept.package)?.ok_or_else(|| Refusal::Elsewhere {
            id: kept.id.clone(),
            path: asset.path.clone(),
        })?;
    let shelf = generation.beside.parent().unwrap_or(Path::new("/"));
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Rollback,
        asset: id.clone(),
        subject: Subject::Extension(Box::new(ExtensionPlan {
            name: kept.name.clone(),
            id: kept.id.clone(),
            package: kept.package.clone(),
            artifact: None,
            place: kept.project.clone(),
            kept: shelf.join(dated(&generation.replaced_by, host.now())),
        })),
        beside: generation.beside.clone(),
        live,
        from: generation.replaced_by.clone(),
        to: generation.version.clone(),
        digest: None,
        report: None,
        ahead: false,
        keep: false,
        undoes: Some(generation.run.clone()),
        soak,
    })
}

/// The npm project that holds a plugin, where that is one that OpenClaw made for it alone.
fn project(
    host: &dyn Host,
    install: &Install,
    asset: &Asset,
    package: &str,
) -> Result<Option<PathBuf>, HostError> {
    let (path, state) = (
        host.canonicalize(Path::new(&asset.path))?,
        host.canonicalize(&install.state_dir)?,
    );
    let below = Path::new("node_modules").join(package);
    let found = path
        .ancestors()
        .find(|dir| dir.join(&below) == path)
        .filter(|dir| dir.parent() == Some(state.join(PROJECTS).as_path()));
    // As OpenClaw names it, which may lead through a link above the state directory.
    Ok(found
        .and_then(Path::file_name)
        .map(|name| install.state_dir.join(PROJECTS).join(name)))
}

/// The directory of another version, named as OpenClaw does. What lies there already is not touched.
fn place(host: &dyn Host, live: &Path, key: &str, now: Timestamp) -> Result<PathBuf, HostError> {
    let name = live.file_name().unwrap_or_default().to_string_lossy();
    let (project, _) = name.split_once(GENERATION).unwrap_or((&*name, ""));
    let of = |key: &str| {
        let digest = exuvia_model::digest::hex(&Sha256::digest(key));
        let digest = digest.get(..DIGITS).unwrap_or_default();
        live.with_file_name(format!("{project}{GENERATION}g-{digest}"))
    };
    let place = of(key);
    match host.metadata(&place, Links::Refuse) {
        Err(error) if error.is_not_found() => Ok(place),
        Err(error) => Err(error),
        Ok(_) => Ok(of(&format!("{key}\n{now}"))),
    }
}
