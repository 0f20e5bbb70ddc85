//! Rehearsing ahead of time, and going on from there.

use std::sync::Arc;

use exuvia_model::upgrade::Kind;

use super::Core;
use crate::kept::{self, Kept};
use crate::tree::TreeId;
use crate::{Plan, Trouble, plan};

impl Core {
    /// Keeps what was staged, in place of what was kept before.
    pub(super) fn keep_stage(&self) -> Result<(), Trouble> {
        let missing = || Trouble::new("what the rehearsal found out was not kept");
        let (host, home) = (self.upgrades.host.as_ref(), &self.upgrades.home);
        let install = self.upgrades.install.id();
        let Plan {
            asset, from, to, ..
        } = &*self.plan;
        let kept = Kept {
            run: self.run.clone(),
            asset: asset.clone(),
            from: from.clone(),
            to: to.clone(),
            digest: self.plan.digest.clone().ok_or_else(missing)?,
            live: self.plan.live.clone(),
            manager: self.plan.manager(),
            live_tree: self.facts.old_tree.ok_or_else(missing)?,
            beside: self.plan.beside.clone(),
            tree: self.facts.new_tree.ok_or_else(missing)?,
            content: kept::content(host, &self.plan.beside).ok_or_else(missing)?,
            before: self.facts.before.clone().ok_or_else(missing)?,
            rehearsed: self.facts.rehearsed.clone().ok_or_else(missing)?,
        };
        if let Some(earlier) = Kept::read(host, home, &install)?
            && earlier.beside != kept.beside
            && earlier.is_there(
                host,
                &plan::other(earlier.manager, &earlier.beside, &earlier.live),
            )?
        {
            host.remove_tree(&earlier.beside)?;
        }
        kept.write(host, home, &install)?;
        Ok(())
    }

    /// Forgets what was kept, where it is this: it is used now, or removed.
    pub(super) fn forget_stage(&self) -> Result<(), Trouble> {
        let (host, home) = (self.upgrades.host.as_ref(), &self.upgrades.home);
        let install = self.upgrades.install.id();
        match Kept::read(host, home, &install)? {
            Some(kept) if kept.beside == self.plan.beside => {
                Ok(Kept::forget(host, home, &install)?)
            }
            _ => Ok(()),
        }
    }

    /// Goes on with what a rehearsal staged, where it is as it was and the registry still promises
    /// the same bytes. What it found counts as long as the plugins and the configuration are those
    /// of then.
    pub(super) async fn take_stage(&mut self) -> Result<bool, Trouble> {
        if self.plan.kind != Kind::Upgrade || !self.plan.ahead {
            return Ok(false);
        }
        let (host, home) = (Arc::clone(&self.upgrades.host), &self.upgrades.home);
        let Some(kept) = Kept::read(host.as_ref(), home, &self.upgrades.install.id())? else {
            return Ok(false);
        };
        let is_of_now = kept.fits(&self.plan)
            && Some(kept.live_tree) == self.facts.old_tree
            && TreeId::of(host.as_ref(), &self.plan.other())? == Some(kept.tree);
        if !is_of_now {
            return Ok(false);
        }
        let beside = self.plan.beside.clone();
        let now = tokio::task::spawn_blocking(move || kept::content(host.as_ref(), &beside));
        if now.await? != Some(kept.content.clone()) {
            return Ok(false);
        }
        self.promised().await?;
        let before = self.facts.before.as_ref();
        let is_same = before.is_some_and(|before| {
            before.plugins == kept.before.plugins && before.config == kept.before.config
        });
        let is_same = is_same && self.is_isolated_enough(&kept.rehearsed)?;
        if !is_same {
            // What was checked then is not what is live now.
            self.check_live().await?;
        }
        self.learn(|facts| {
            facts.new_tree = Some(kept.tree);
            let mut rehearsed = kept.rehearsed;
            rehearsed.ahead = Some(kept.run);
            facts.rehearsed = is_same.then_some(rehearsed);
        })?;
        Ok(true)
    }

    /// Whether a rehearsal ahead of time has found what this one would.
    pub(super) fn was_rehearsed(&self) -> bool {
        let rehearsed = self.facts.rehearsed.as_ref();
        rehearsed.is_some_and(|rehearsed| rehearsed.ahead.is_some())
    }
}
