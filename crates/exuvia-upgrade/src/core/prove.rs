//! Gate 3, and the same question on the way back.

use std::time::Duration;

use exuvia_gateway::running::identity;
use exuvia_model::probe::{self, Sample, Soak, SoakState, Verdict, soak};
use exuvia_model::restart::Millis;
use exuvia_model::upgrade::State;
use exuvia_model::vitals::{Aspect, Comparison, Vitals};
use tokio::time::sleep;

use super::Core;
use crate::Trouble;

/// How often the gateway is looked at while it soaks.
const EVERY: Duration = Duration::from_secs(2);
/// How much longer than the soak itself all of it may take.
const SLACK: Duration = Duration::from_mins(3);
/// How often OpenClaw's own checks are made where they do not tell: one that had to share the
/// processors may have been too slow.
const TRIES: usize = 2;
/// How many losses are named.
const NAMED: usize = 5;

impl Core {
    /// Gate 3: every required probe passes for as long as the soak lasts, in one process, and the
    /// vitals have lost nothing.
    pub(crate) async fn prove(&self) -> Result<(), Trouble> {
        self.hold_out(self.plan.soak).await?;
        let wanted = self.facts.wanted.as_ref().or(self.facts.before.as_ref());
        self.lost_nothing(wanted).await
    }

    /// Whether what was there before is there again.
    pub(crate) async fn verify(&self, _state: &State) -> Result<(), Trouble> {
        self.hold_out(Duration::ZERO).await?;
        self.lost_nothing(self.facts.before.as_ref()).await
    }

    /// The gateway is looked at for so long while OpenClaw's own checks are made, whose answers
    /// stay the same as long as nobody changes its files.
    async fn hold_out(&self, over: Duration) -> Result<(), Trouble> {
        tokio::try_join!(self.goes_on(over), self.passes_its_checks())?;
        Ok(())
    }

    /// OpenClaw's own checks of what is live now.
    pub(crate) async fn passes_its_checks(&self) -> Result<(), Trouble> {
        match self.own_verdict().await {
            Verdict::Healthy | Verdict::Degraded { .. } => Ok(()),
            broken @ Verdict::Broken { .. } => Err(Trouble::of_release(broken.to_string())),
            unknown @ Verdict::Unknown { .. } => Err(Trouble::new(unknown.to_string())),
        }
    }

    /// What OpenClaw's own checks say of the package, the plugins and the configuration that are
    /// live.
    pub(super) async fn own_verdict(&self) -> Verdict {
        let mut verdict = probe::verdict(&self.examiner.own_checks().await);
        for _ in 1..TRIES {
            if let Verdict::Unknown { .. } = verdict {
                verdict = probe::verdict(&self.examiner.own_checks().await);
            }
        }
        verdict
    }

    async fn goes_on(&self, over: Duration) -> Result<(), Trouble> {
        let rule = Soak {
            samples: if over.is_zero() { 1 } else { 2 },
            over: Millis::from(over),
            within: Millis::from(over + SLACK),
        };
        let began = self.upgrades.host.elapsed();
        let mut samples = Vec::new();
        loop {
            let examined = self.examiner.examine_running().await;
            let at = self.upgrades.host.elapsed().saturating_sub(began);
            samples.push(Sample {
                at: Millis::from(at),
                process: examined
                    .process
                    .as_ref()
                    .map(|process| identity(&process.seen.id)),
                verdict: probe::verdict(&examined.probed),
            });
            match soak(rule, &samples) {
                SoakState::Passed => return Ok(()),
                SoakState::Failed { why } => return Err(Trouble::of_release(why)),
                SoakState::Unknown { why } => return Err(Trouble::new(why)),
                SoakState::Soaking { .. } => sleep(EVERY).await,
            }
        }
    }

    async fn lost_nothing(&self, before: Option<&Vitals>) -> Result<(), Trouble> {
        let Some(before) = before else {
            return Err(Trouble::new(
                "what the install looked like before was not kept, so a loss could not be seen",
            ));
        };
        let now = self.vitals().await;
        let comparison = Vitals::compare(before, &now);
        if comparison.is_clean() {
            return Ok(());
        }
        // A channel may be gone because the network is.
        let mut losses = comparison.losses.iter();
        let words = words(&comparison);
        Err(if losses.any(|loss| loss.aspect != Aspect::Channel) {
            Trouble::of_release(words)
        } else {
            Trouble::new(words)
        })
    }
}

/// What was lost and what is not known, named.
pub(super) fn words(comparison: &Comparison) -> String {
    let losses = comparison
        .losses
        .iter()
        .map(|loss| format!("{} {}: {}", loss.aspect, loss.subject, loss.what));
    let unknown = comparison.unknown.iter().map(|unknown| {
        format!(
            "{} {}: not known ({})",
            unknown.aspect, unknown.subject, unknown.why
        )
    });
    let all: Vec<String> = losses.chain(unknown).collect();
    let named = all
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    match all.len().saturating_sub(NAMED) {
        0 => format!("not as before: {named}"),
        more => format!("not as before: {named}; and {more} more"),
    }
}
