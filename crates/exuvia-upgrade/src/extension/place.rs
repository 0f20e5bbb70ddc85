//! Having OpenClaw load the other version, and the first one again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::HostError;
use exuvia_model::text;
use exuvia_openclaw::plugin::put_record;

use super::ExtensionWorks;
use crate::run::Upgrades;
use crate::tree::TreeId;
use crate::{Trouble, orphans};

/// How long OpenClaw may take to look through all plugins: 12 s seen on a busy machine.
const REFRESH: Duration = Duration::from_mins(3);

impl ExtensionWorks {
    /// The other version in its place, then the index that names it. Each version has a place of its
    /// own, so whatever the index says is there at every moment.
    pub(super) async fn bring_in(&self) -> Result<(), Trouble> {
        self.core.must_be_still()?;
        let new_tree = self.facts().new_tree;
        let Upgrades { host, install, .. } = &self.core.upgrades;
        self.bring(new_tree, &self.core.plan.beside, &self.extension.place)?;
        let (old, new) = self.records()?;
        put_record(&install.state_dir, &self.extension.id, old, new, host.now())?;
        self.refresh().await
    }

    /// The index that names the first version, then the other one out of its place. The restore of
    /// the state that follows has the whole index as it was.
    pub(super) fn bring_back(&self) -> Result<(), Trouble> {
        self.core.must_be_still()?;
        let Upgrades { host, install, .. } = &self.core.upgrades;
        let (old_tree, live) = (self.facts().old_tree, &self.core.plan.live);
        // A commit that failed may have taken it out of its place.
        self.bring(old_tree, &self.extension.kept, live)?;
        let (old, new) = self.records()?;
        put_record(&install.state_dir, &self.extension.id, new, old, host.now())?;
        let place = &self.extension.place;
        if TreeId::of(host.as_ref(), place)?.is_none() {
            return Ok(());
        }
        self.bring(self.facts().new_tree, place, &self.core.plan.beside)
    }

    /// A tree from one place to another, which is free or holds it already.
    pub(super) fn bring(
        &self,
        tree: Option<TreeId>,
        from: &Path,
        to: &Path,
    ) -> Result<(), Trouble> {
        let tree = tree.ok_or_else(|| Trouble::new("which directory it is was not kept"))?;
        let Upgrades { host, disk, .. } = &self.core.upgrades;
        let (there, here) = (
            TreeId::of(host.as_ref(), to)?,
            TreeId::of(host.as_ref(), from)?,
        );
        if there == Some(tree) {
            return Ok(());
        }
        if there.is_some() || here != Some(tree) {
            return Err(Trouble::new(format!(
                "{} is not what was put there, or {} is taken: somebody moved it; it was not moved",
                from.display(),
                to.display()
            )));
        }
        host.rename(from, to)?;
        for dir in [from, to].map(|path| path.parent().unwrap_or(Path::new("/"))) {
            disk.open_dir(dir)?.sync()?;
        }
        Ok(())
    }

    /// Has OpenClaw derive from the plugins' files what it keeps of them in its index.
    async fn refresh(&self) -> Result<(), Trouble> {
        let Upgrades { host, install, .. } = &self.core.upgrades;
        let command = install.openclaw(["plugins", "registry", "--refresh"])?;
        let command = command.env("NO_COLOR", "1").timeout(REFRESH);
        let command = orphans::marked(command, &self.core.run);
        let host = Arc::clone(host);
        let ran: Result<_, HostError> =
            tokio::task::spawn_blocking(move || host.run(&command)).await?;
        let output = ran?;
        if output.status.success() {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "`openclaw plugins registry --refresh` failed: {}",
            text::one_line(&String::from_utf8_lossy(&output.stderr), 300)
        )))
    }
}
