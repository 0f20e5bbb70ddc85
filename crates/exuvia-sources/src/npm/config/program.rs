//! npm itself: where it lies, and what it has built in.

use std::path::{Path, PathBuf};

use exuvia_host::{Command, Host, Links, read_limited};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::SourceError;

/// What npm answered, and which npm that was.
#[derive(Serialize, Deserialize)]
struct Asked {
    program: PathBuf,
    modified: jiff::Timestamp,
    registry: Url,
}

/// A program on the user's `PATH`.
pub(super) fn find(host: &dyn Host, name: &str) -> Option<PathBuf> {
    let path = host.env("PATH")?;
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|file| {
            host.metadata(file, Links::Follow)
                .is_ok_and(|meta| meta.is_executable())
        })
}

/// The registry that npm uses when nobody tells it otherwise. It is asked once for each npm: it
/// takes half a second to start.
pub(super) fn default_registry(host: &dyn Host, cache_dir: &Path) -> Result<Url, SourceError> {
    let no = |reason: &str| SourceError::NoRegistry {
        reason: reason.to_owned(),
    };
    let program = find(host, "npm").ok_or_else(|| no("npm was not found"))?;
    let modified = host
        .metadata(&program, Links::Follow)
        .map_err(|error| no(&error.to_string()))?
        .modified;
    let file = cache_dir.join("npm-registry.json");
    if let Some(known) = kept(host, &file)
        && known.program == program
        && known.modified == modified
    {
        return Ok(known.registry);
    }
    let registry = ask(host, &program).map_err(|reason| no(&reason))?;
    let asked = Asked {
        program,
        modified,
        registry: registry.clone(),
    };
    if let Ok(json) = serde_json::to_vec(&asked)
        && host.create_private_dir(cache_dir).is_ok()
    {
        // Not kept: npm is asked again next time.
        let _ = host.write_atomic(&file, &json, 0o600);
    }
    Ok(registry)
}

fn kept(host: &dyn Host, file: &Path) -> Option<Asked> {
    let bytes = read_limited(host, file, 64 * 1024, Links::Refuse).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// `--location=global` and the root directory keep a project's `.npmrc` out of it.
fn ask(host: &dyn Host, program: &Path) -> Result<Url, String> {
    let command = Command::new(program)
        .args(["config", "get", "registry", "--location=global"])
        .directory("/")
        .timeout(std::time::Duration::from_secs(20))
        .max_output(64 * 1024);
    let output = host.run(&command).map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("npm could not tell: {}", output.last_words()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| "what npm says is no address".to_owned())
}

/// The directory that global packages are installed below, as npm finds it: beside the `bin` that
/// Node lies in.
pub(super) fn prefix_of_node(host: &dyn Host) -> Option<PathBuf> {
    let node = host.canonicalize(&find(host, "node")?).ok()?;
    Some(node.parent()?.parent()?.to_owned())
}

/// The `npmrc` inside npm's own package, which distributions use to set `prefix`.
pub(super) fn builtin_npmrc(host: &dyn Host) -> Option<PathBuf> {
    let script = host.canonicalize(&find(host, "npm")?).ok()?;
    Some(script.parent()?.parent()?.join("npmrc"))
}
