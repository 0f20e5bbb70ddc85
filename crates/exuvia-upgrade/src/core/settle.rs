//! The ends: a generation is kept, or a stage removed.

use exuvia_model::upgrade::Kind;

use super::Core;
use crate::tree::TreeId;
use crate::{Generation, Generations, Trouble};

impl Core {
    /// Keeps the way back; of a rehearsal, what was staged, or nothing.
    pub(super) fn commit(&self) -> Result<(), Trouble> {
        match (self.plan.kind, self.plan.keep) {
            (Kind::Rehearsal, true) => self.keep_stage(),
            (Kind::Rehearsal, false) => self.discard(),
            (Kind::Upgrade | Kind::Rollback, _) => {
                self.forget_stage()?;
                self.keep_generation()
            }
        }
    }

    /// Records what was replaced as a generation to go back to.
    fn keep_generation(&self) -> Result<(), Trouble> {
        let missing = || Trouble::new("what the transaction found out was not kept");
        let (host, home) = (self.upgrades.host.as_ref(), &self.upgrades.home);
        let install = self.upgrades.install.id();
        let mut generations = Generations::read(host, home, &install)?;
        generations.add(Generation {
            run: self.run.clone(),
            at: host.now(),
            kind: self.plan.kind,
            asset: self.plan.asset.clone(),
            version: self.plan.from.clone(),
            replaced_by: self.plan.to.clone(),
            beside: self.plan.beside.clone(),
            tree: self.facts.old_tree.ok_or_else(missing)?,
            snapshot: Some(self.facts.point.clone().ok_or_else(missing)?),
            vitals: Some(self.facts.before.clone().ok_or_else(missing)?),
            skill: None,
            extension: None,
        });
        generations.write(host, home, &install)?;
        Ok(())
    }

    /// Removes what was staged.
    pub(super) fn discard(&self) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        let old = self.facts.old_tree;
        if old.is_some() && TreeId::of(host, &self.plan.other())? == old {
            return Err(Trouble::new(format!(
                "{} holds the package that was live before; it is not removed",
                self.plan.beside.display()
            )));
        }
        self.forget_stage()?;
        self.clear()?;
        host.remove_tree(&self.plan.beside)?;
        Ok(())
    }
}
