//! Steps that are done once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};

/// Remembers what was finished, by a stamp file for each step.
#[derive(Debug)]
pub(crate) struct Steps {
    stamps: PathBuf,
}

/// Waits until no other process prepares the same; the lock goes with the value.
pub(crate) fn lock(root: &Path) -> Result<File> {
    let path = root.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

impl Steps {
    /// Keeps its stamps in the directory `stamps`.
    pub(crate) fn new(stamps: &Path) -> Self {
        Self {
            stamps: stamps.to_owned(),
        }
    }

    /// Does a step unless its stamp says that it was done from the same `inputs`. Says whether it
    /// was done now.
    pub(crate) fn once(
        &self,
        name: &str,
        inputs: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<bool> {
        let stamp = self.stamps.join(name.replace([' ', '/'], "-"));
        if std::fs::read_to_string(&stamp).is_ok_and(|done| done == inputs) {
            return Ok(false);
        }
        eprintln!("  … {name}");
        let begun = Instant::now();
        work().with_context(|| format!("cannot prepare: {name}"))?;
        eprintln!("  ✓ {name} ({:.1} s)", begun.elapsed().as_secs_f64());
        std::fs::create_dir_all(&self.stamps).context("cannot create the directory of stamps")?;
        std::fs::write(&stamp, inputs)
            .with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(true)
    }
}

/// Nothing at `path`, whatever was there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)
            .with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// An empty directory at `path`, whatever was there.
pub(crate) fn fresh(path: &Path) -> Result<()> {
    remove(path)?;
    std::fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_done_again_only_when_it_failed_or_its_inputs_changed() {
        let dir = tempfile::tempdir().unwrap();
        let steps = Steps::new(dir.path());
        assert!(steps.once("a step", "1", || anyhow::bail!("no")).is_err());
        assert!(steps.once("a step", "1", || Ok(())).unwrap());
        assert!(!steps.once("a step", "1", || Ok(())).unwrap());
        assert!(steps.once("a step", "2", || Ok(())).unwrap());
    }
}
