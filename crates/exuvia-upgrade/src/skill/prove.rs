//! Whether what is live is what it should be, for OpenClaw too.

use exuvia_model::asset::Provenance;
use exuvia_model::vitals::{Aspect, Vitals};

use super::SkillWorks;
use crate::Trouble;
use crate::tree::TreeId;

impl SkillWorks {
    /// Nobody changed the skill since it was looked at.
    pub(super) fn is_untouched(&self) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        let live = super::live::Live::read(host, &self.plan.live)?;
        let is_same = Some(&live.content) == self.known()?.old_content.as_ref()
            && TreeId::of(host, &self.plan.live)? == self.facts.old_tree;
        if is_same {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} was changed meanwhile; try again",
            self.plan.live.display()
        )))
    }

    /// Gate 3: the bytes are those that were staged, the records say the new version and agree, no
    /// other skill has its name, and a gateway that runs has every skill that it had.
    pub(super) async fn prove(&self) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        if TreeId::of(host, &self.plan.live)? != self.facts.new_tree {
            return Err(Trouble::new(format!(
                "{} is not the directory that was put there",
                self.plan.live.display()
            )));
        }
        let live = self.read_live(self.plan.live.clone()).await?;
        if Some(&live.content) != self.known()?.new_content.as_ref() {
            return Err(Trouble::new(format!(
                "{} does not hold the bytes that were staged",
                self.plan.live.display()
            )));
        }
        let asset = self.asset().await?;
        if asset.revision().as_ref() != Some(&self.plan.to) {
            let found = asset.revision().map(|revision| revision.short());
            return Err(Trouble::new(format!(
                "its record says {} and not {}",
                found.unwrap_or_else(|| "no version".to_owned()),
                self.plan.to.short()
            )));
        }
        if let Provenance::Untracked { reason } = &asset.provenance {
            return Err(Trouble::new(format!("its records do not agree: {reason}")));
        }
        if let Some(conflict) = asset.conflicts.first() {
            return Err(Trouble::new(format!(
                "it now has the name of {} ({}), and only one of them is loaded",
                conflict.other_path, conflict.name
            )));
        }
        self.gateway_lost_nothing().await
    }

    /// Whether what was there before is there again.
    pub(super) async fn verify(&self) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        let is_back = TreeId::of(host, &self.plan.live)? == self.facts.old_tree;
        let asset = self.asset().await?;
        if is_back && asset.revision().as_ref() == Some(&self.plan.from) {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} is not the {} that was there before",
            self.plan.live.display(),
            self.plan.from.short()
        )))
    }

    async fn gateway_lost_nothing(&self) -> Result<(), Trouble> {
        let Some(before) = &self.facts.before else {
            return Ok(());
        };
        // One that was stopped meanwhile has nothing to say.
        let Some(now) = self.skills_of_gateway().await? else {
            return Ok(());
        };
        let compared = Vitals::compare(before, &now);
        if let Some(lost) = compared
            .losses
            .iter()
            .find(|loss| loss.aspect == Aspect::Skill)
        {
            return Err(Trouble::new(format!(
                "the gateway lost the skill {}: {}",
                lost.subject, lost.what
            )));
        }
        let unknown = compared.unknown.iter();
        match unknown
            .clone()
            .find(|unknown| unknown.aspect == Aspect::Skill)
        {
            Some(unknown) if self.plan.kind == exuvia_model::upgrade::Kind::Upgrade => Err(
                Trouble::new(format!("which skills the gateway has is {}", unknown.why)),
            ),
            _ => Ok(()),
        }
    }
}
