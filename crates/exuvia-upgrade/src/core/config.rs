//! The user's configuration, where the new version rewrote it: what it did not change gets its text
//! back.

use exuvia_gateway::vitals;
use exuvia_host::{Links, read_limited};
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::Part;
use exuvia_openclaw::config::merge;
use serde::{Deserialize, Serialize};

use super::Core;
use crate::Trouble;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What became of a configuration that the new version rewrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Rewritten {
    /// What was not changed has its text back, comments and all.
    Merged,
    /// It is as the new version wrote it.
    Left {
        /// Why.
        why: String,
    },
}

/// The file as it is, and as it is to be.
struct Merge {
    now: Vec<u8>,
    merged: String,
}

impl Core {
    /// Gives the configuration its text back where the new version did not change what it says. The
    /// file as that wrote it is a whole one, so what cannot be done is told and fails nothing.
    ///
    /// Merged twice is merged once: what is found then is what was written.
    pub(super) async fn keep_comments(&mut self) -> Result<(), Trouble> {
        if self.plan.kind != Kind::Upgrade || self.config_is_as_before() {
            return Ok(());
        }
        let merge = match self.merge_config().await {
            Ok(None) => return Ok(()),
            Ok(Some(merge)) => merge,
            Err(trouble) => return self.left(&trouble),
        };
        self.learn(|facts| facts.config = Some(Rewritten::Merged))?;
        match self.replace_config(&merge) {
            Ok(()) => Ok(()),
            Err(trouble) => self.left(&trouble),
        }
    }

    /// Whether the file is known to be the one that there was when the upgrade began.
    fn config_is_as_before(&self) -> bool {
        let before = self.facts.before.as_ref().map(|before| &before.config);
        let now = vitals::config(self.upgrades.host.as_ref(), &self.upgrades.install);
        match (before, now) {
            (Some(Part::Known(before)), Part::Known(now)) => before.digest == now.digest,
            _ => false,
        }
    }

    fn left(&mut self, trouble: &Trouble) -> Result<(), Trouble> {
        let why = trouble.to_string();
        self.learn(|facts| facts.config = Some(Rewritten::Left { why }))
    }

    /// What is to be written; nothing where the file is what it would be then.
    async fn merge_config(&self) -> Result<Option<Merge>, Trouble> {
        let path = &self.upgrades.install.config_path;
        let host = self.upgrades.host.as_ref();
        let now = match read_limited(host, path, MAX_BYTES, Links::Refuse) {
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let before = self.config_before().await?;
        if before == now {
            return Ok(None);
        }
        let merged = merge(text(&before)?, text(&now)?)?;
        Ok((merged.as_bytes() != now).then_some(Merge { now, merged }))
    }

    /// The file as the rollback point holds it.
    async fn config_before(&self) -> Result<Vec<u8>, Trouble> {
        let point = self.facts.point.clone();
        let point = point.ok_or_else(|| Trouble::new("the rollback point was not kept"))?;
        let install = self.upgrades.install.clone();
        let held = self.with_store(move |recovery| {
            let snapshot = recovery.store().get(point.as_str())?;
            recovery.config_of(&install, &snapshot)
        });
        held.await?.ok_or_else(|| {
            Trouble::new("the rollback point holds no configuration that is a file of its own")
        })
    }

    fn replace_config(&self, merge: &Merge) -> Result<(), Trouble> {
        let path = &self.upgrades.install.config_path;
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Trouble::new(format!("{} is no file", path.display())));
        };
        let dir = self.upgrades.disk.open_dir(dir)?;
        if dir.replace_file(name, &merge.now, merge.merged.as_bytes())? {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} was changed while it was looked at",
            path.display()
        )))
    }
}

fn text(bytes: &[u8]) -> Result<&str, Trouble> {
    std::str::from_utf8(bytes).map_err(|error| Trouble::new(format!("it is no text: {error}")))
}
