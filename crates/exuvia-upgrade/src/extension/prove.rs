//! Whether what is live is what it should be, for OpenClaw too.

use exuvia_model::Revision;
use exuvia_model::upgrade::{Kind, State};
use exuvia_model::vitals::{Part, PluginStatus};

use super::ExtensionWorks;
use crate::Trouble;
use crate::core::rehearse::Guest;
use crate::tree::TreeId;

impl ExtensionWorks {
    /// Gate 2: OpenClaw with the other version, on a copy. Only where a gateway runs that the copy
    /// could be compared with; Gate 3 is there in any case.
    pub(super) async fn rehearse(&mut self) -> Result<(), Trouble> {
        if !self.known()?.runs {
            return Ok(());
        }
        let (old, new) = self.records()?;
        let guest = Guest {
            id: self.extension.id.clone(),
            version: self.core.plan.to.clone(),
            staged: self.core.plan.beside.clone(),
            place: self.extension.place.clone(),
            records: (old.clone(), new.clone()),
        };
        self.core.rehearse_with(guest).await
    }

    /// Nobody changed the plugin since it was looked at.
    pub(super) async fn is_untouched(&self) -> Result<(), Trouble> {
        let asset = self.asset().await?;
        let known = self.known()?;
        let host = self.core.upgrades.host.as_ref();
        let is_same = asset.content_digest == known.old_content
            && Some(self.record()?) == known.old_record
            && TreeId::of(host, &self.core.plan.live)? == self.facts().old_tree;
        if is_same {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} was changed meanwhile; try again",
            self.core.plan.live.display()
        )))
    }

    /// Gate 3: the index names the version, its files are those that were staged, every plugin can be
    /// loaded, and a gateway that ran works with it and has lost nothing.
    pub(super) async fn prove(&self) -> Result<(), Trouble> {
        let asset = self.asset().await?;
        let (plan, host) = (&self.core.plan, self.core.upgrades.host.as_ref());
        let lies_there = TreeId::of(host, &self.extension.place)? == self.facts().new_tree
            && host.canonicalize(std::path::Path::new(&asset.path))?
                == host.canonicalize(&self.package_in(&self.extension.place))?;
        if !lies_there || asset.revision().as_ref() != Some(&plan.to) {
            return Err(Trouble::new(format!(
                "OpenClaw's index names {} at {} and not {}",
                asset
                    .revision()
                    .map_or_else(|| "no version".to_owned(), |it| it.short()),
                asset.path,
                plan.to.short()
            )));
        }
        if asset.content_digest != self.known()?.new_content {
            return Err(Trouble::new(format!(
                "{} does not hold the bytes that were staged",
                asset.path
            )));
        }
        if let Some(conflict) = asset.conflicts.first() {
            return Err(Trouble::of_release(format!(
                "it now has the id of {} ({}), and only one of them is loaded",
                conflict.other_path, conflict.name
            )));
        }
        if !self.known()?.runs {
            return self.core.passes_its_checks().await;
        }
        self.core.prove().await?;
        self.runs_as_wanted().await
    }

    /// Whether what was there before is there again.
    pub(super) async fn verify(&self, state: &State) -> Result<(), Trouble> {
        let host = self.core.upgrades.host.as_ref();
        let is_back = TreeId::of(host, &self.core.plan.live)? == self.facts().old_tree;
        let asset = self.asset().await?;
        if !is_back || asset.revision().as_ref() != Some(&self.core.plan.from) {
            return Err(Trouble::new(format!(
                "{} is not the {} that was there before",
                self.core.plan.live.display(),
                self.core.plan.from.short()
            )));
        }
        if self.known()?.runs {
            return self.core.verify(state).await;
        }
        Ok(())
    }

    /// The gateway that runs has the version, and could load it.
    async fn runs_as_wanted(&self) -> Result<(), Trouble> {
        let vitals = self.core.vitals().await;
        let Part::Known(plugins) = &vitals.plugins else {
            return Err(Trouble::new("which plugins the gateway has is not known"));
        };
        let id = &self.extension.id;
        let Some(plugin) = plugins.get(id) else {
            return Err(Trouble::of_release(format!(
                "the gateway has no plugin {id}"
            )));
        };
        if let (PluginStatus::Error(why), Kind::Upgrade) = (&plugin.status, self.core.plan.kind) {
            return Err(Trouble::of_release(format!(
                "the gateway cannot load it: {why}"
            )));
        }
        if plugin.version.as_ref() == Some(&self.core.plan.to) {
            return Ok(());
        }
        Err(Trouble::of_release(format!(
            "the gateway should have {id} {} and has {}",
            self.core.plan.to.short(),
            plugin
                .version
                .as_ref()
                .map_or_else(|| "no known version".to_owned(), Revision::short)
        )))
    }
}
