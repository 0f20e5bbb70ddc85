//! The HOME of a sandboxed install, and copies of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Sandbox;
use super::command::output;
use crate::model::{MODEL, Provider};

/// A HOME with an install's `~/.openclaw`.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// One with as little as an install can have, for a release that did not make the template.
    pub fn fresh(path: &Path) -> Result<Self> {
        let home = Self(path.to_owned());
        let records = home.workspace().join(".clawhub");
        for dir in [&records, &home.workspace().join("skills")] {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot create {}", dir.display()))?;
        }
        for file in [
            records.join("lock.json"),
            home.state().join("openclaw.json"),
        ] {
            std::fs::write(&file, "{}")
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(home)
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `~/.openclaw`.
    pub fn state(&self) -> PathBuf {
        self.0.join(".openclaw")
    }

    /// `~/.openclaw/workspace`.
    pub fn workspace(&self) -> PathBuf {
        self.state().join("workspace")
    }

    /// Has every agent use this model. To be told before the gateway starts.
    pub fn use_model(&self, provider: &Provider) -> Result<()> {
        let file = self.state().join("openclaw.json");
        let mut config: Value = serde_json::from_str(&read(&file)?)
            .with_context(|| format!("cannot understand {}", file.display()))?;
        config["models"]["providers"]["local"] = json!({
            "baseUrl": format!("{}/v1", provider.url()), "apiKey": "none",
            "api": "openai-completions", "models": [{ "id": MODEL, "name": MODEL }],
        });
        config["agents"]["defaults"]["model"] = json!({ "primary": format!("local/{MODEL}") });
        std::fs::write(&file, config.to_string())
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Copies this home to `target`, which must not exist, and rewrites the absolute paths that
    /// OpenClaw recorded, so that nothing in the copy points at the original.
    pub fn fork(&self, target: &Path) -> Result<Self> {
        let parent = target
            .parent()
            .context("a home needs a directory to be in")?;
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        output(
            Command::new("cp")
                .args(["-a", "--reflink=auto"])
                .arg(&self.0)
                .arg(target),
        )?;
        let copy = Self(target.to_owned());
        let (old, new) = (self.0.display().to_string(), target.display().to_string());
        rewrite_file(&copy.state().join("openclaw.json"), &old, &new)?;
        copy.rewrite_index(&old, &new)?;
        Ok(copy)
    }

    /// Rewrites the registry that the two ClawHub clients recorded to `url`: a stand-in has
    /// another port each time it is started.
    pub(super) fn point_at(&self, url: &str) -> Result<()> {
        let mut records = vec![self.workspace().join(".clawhub/lock.json")];
        origins(&self.workspace().join("skills"), &mut records)?;
        for record in records {
            let text = read(&record)?;
            if let Some(old) = recorded_registry(&text) {
                std::fs::write(&record, text.replace(&old, url))
                    .with_context(|| format!("cannot write {}", record.display()))?;
            }
        }
        Ok(())
    }

    /// Has the plugin index name the package of this sandbox, as after an update: it says which
    /// package an install runs from, and the template was made by the older release.
    pub(super) fn run_from(&self, sandbox: &Sandbox) -> Result<()> {
        let (old, new) = sandbox.prefixes();
        if old == new {
            return Ok(());
        }
        self.rewrite_index(&old, &new)
    }

    fn rewrite_index(&self, old: &str, new: &str) -> Result<()> {
        let database = self.state().join("state/openclaw.sqlite");
        if !database.exists() {
            return Ok(());
        }
        let index = rusqlite::Connection::open(&database)
            .with_context(|| format!("cannot open {}", database.display()))?;
        index
            .execute(
                "UPDATE config_machine_state SET value_json = replace(value_json, ?1, ?2)",
                [old, new],
            )
            .with_context(|| {
                format!("cannot rewrite the plugin index in {}", database.display())
            })?;
        Ok(())
    }
}

/// Every `.clawhub/origin.json` up to two directories down (`demo`, `@acme/demo`).
fn origins(skills: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        std::fs::read_dir(skills).with_context(|| format!("cannot list {}", skills.display()))?
    {
        let path = entry.context("cannot read a directory entry")?.path();
        let origin = path.join(".clawhub/origin.json");
        if origin.is_file() {
            found.push(origin);
        } else if path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('@'))
        {
            origins(&path, found)?;
        }
    }
    Ok(())
}

/// The first stand-in's address in a record.
fn recorded_registry(text: &str) -> Option<String> {
    let from = text.find("http://127.0.0.1:")?;
    text[from..]
        .split('"')
        .next()
        .map(|url| url.trim_end_matches('/').to_owned())
}

fn rewrite_file(file: &Path, old: &str, new: &str) -> Result<()> {
    let text = read(file)?.replace(old, new);
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_in_a_record_is_found_whatever_stands_around_it() {
        let record = "{\n  \"registry\": \"http://127.0.0.1:41234\",\n  \"slug\": \"demo\"\n}";
        assert_eq!(
            recorded_registry(record).as_deref(),
            Some("http://127.0.0.1:41234")
        );
        assert_eq!(recorded_registry("{}"), None);
    }
}
