//! The ends: what was replaced is kept, or what was staged is removed.

use super::SkillWorks;
use super::live::Live;
use crate::tree::TreeId;
use crate::{Generation, Generations, KeptSkill, Trouble};

impl SkillWorks {
    /// Gives what was replaced the name that it is kept by, and records it as a generation.
    pub(super) fn commit(&self) -> Result<(), Trouble> {
        let missing = || Trouble::new("what the transaction found out was not kept");
        let (host, home) = (self.upgrades.host.as_ref(), &self.upgrades.home);
        let old_tree = self.facts.old_tree.ok_or_else(missing)?;
        let (beside, kept) = (self.plan.other(), &self.skill.kept);
        if TreeId::of(host, kept)? != Some(old_tree) {
            host.rename(&beside, kept)?;
        }
        if let Some(shelf) = kept.parent() {
            self.upgrades.disk.open_dir(shelf)?.sync()?;
        }
        let install = self.upgrades.install.id();
        let mut generations = Generations::read(host, home, &install)?;
        if let Some(undone) = &self.plan.undoes {
            generations.forget(undone);
        }
        generations.add(Generation {
            run: self.run.clone(),
            at: host.now(),
            kind: self.plan.kind,
            asset: self.plan.asset.clone(),
            version: self.plan.from.clone(),
            replaced_by: self.plan.to.clone(),
            beside: kept.clone(),
            tree: old_tree,
            snapshot: None,
            vitals: None,
            skill: Some(KeptSkill {
                name: self.skill.name.clone(),
                live: self.plan.live.clone(),
                lock: self.known()?.old_lock.clone(),
            }),
            extension: None,
        });
        generations.write(host, home, &install)?;
        Ok(())
    }

    /// Removes what was staged, unless somebody has worked in it since.
    pub(super) fn discard(&self) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        let staged = self.plan.other();
        let found = TreeId::of(host, &staged)?;
        if found.is_none() {
            return Ok(());
        }
        let kept = |why: &str| {
            let words = format!("{} holds {why}; it is not removed", staged.display());
            Err(Trouble::new(words))
        };
        if found == self.facts.old_tree {
            return kept("what was live before");
        }
        // While it was being written nobody could work in it.
        let content = self.facts.skill.as_ref();
        if let Some(content) = content.and_then(|facts| facts.new_content.as_ref())
            && Live::read(host, &staged)?.content != *content
        {
            return kept("what was changed in it while it was live");
        }
        host.remove_tree(&staged)?;
        Ok(())
    }
}
