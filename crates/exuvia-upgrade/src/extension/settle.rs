//! The ends: what was replaced is kept, or what was staged is removed.

use super::ExtensionWorks;
use crate::tree::TreeId;
use crate::{Generation, Generations, KeptExtension, Trouble};

impl ExtensionWorks {
    /// Takes what was replaced out of the directory that OpenClaw looks through, and records it as a
    /// generation. The index names it no more.
    pub(super) fn commit(&self) -> Result<(), Trouble> {
        let missing = || Trouble::new("what the transaction found out was not kept");
        let (upgrades, plan) = (&self.core.upgrades, &self.core.plan);
        let (host, home) = (upgrades.host.as_ref(), &upgrades.home);
        let (facts, known) = (self.facts(), self.known()?);
        let old_tree = facts.old_tree.ok_or_else(missing)?;
        let kept = &self.extension.kept;
        if let Some(shelf) = kept.parent() {
            host.create_private_dir(shelf)?;
        }
        self.bring(Some(old_tree), &plan.live, kept)?;
        let install = upgrades.install.id();
        let mut generations = Generations::read(host, home, &install)?;
        if let Some(undone) = &plan.undoes {
            generations.forget(undone);
        }
        generations.add(Generation {
            run: self.core.run.clone(),
            at: host.now(),
            kind: plan.kind,
            asset: plan.asset.clone(),
            version: plan.from.clone(),
            replaced_by: plan.to.clone(),
            beside: kept.clone(),
            tree: old_tree,
            snapshot: facts.point.clone(),
            vitals: None,
            skill: None,
            extension: Some(KeptExtension {
                name: self.extension.name.clone(),
                id: self.extension.id.clone(),
                package: self.extension.package.clone(),
                project: plan.live.clone(),
                record: known.old_record.clone().ok_or_else(missing)?,
            }),
        });
        generations.write(host, home, &install)?;
        Ok(())
    }

    /// Removes what was staged.
    pub(super) fn discard(&self) -> Result<(), Trouble> {
        let host = self.core.upgrades.host.as_ref();
        let staged = &self.core.plan.beside;
        self.core.clear()?;
        let found = TreeId::of(host, staged)?;
        if found.is_some() && found == self.facts().old_tree {
            return Err(Trouble::new(format!(
                "{} holds what was live before; it is not removed",
                staged.display()
            )));
        }
        host.remove_tree(staged)?;
        Ok(())
    }
}
