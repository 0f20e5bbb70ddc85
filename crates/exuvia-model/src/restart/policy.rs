//! How long things may take.

use serde::{Deserialize, Serialize};

use super::{Millis, Request};

/// The limits of a scheduler. Each is a limit: none can be switched off, so nothing waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Longest delay and longest patience of a request; longer ones are cut to it.
    #[serde(rename = "longestDelayMs")]
    pub longest_delay: Millis,
    /// How long a restart is put off while work is pending.
    #[serde(rename = "deferralMs")]
    pub deferral: Millis,
    /// From one restart to the next that nobody forces.
    #[serde(rename = "cooldownMs")]
    pub cooldown: Millis,
    /// How long hooks may take before the restart goes on without them.
    #[serde(rename = "hooksMs")]
    pub hooks: Millis,
    /// How long one try may take, from the order to a new process that runs.
    #[serde(rename = "tryMs")]
    pub one_try: Millis,
    /// How often a restart is tried before it is given up; 0 counts as 1.
    pub tries: u32,
}

impl Policy {
    /// How long pending work may put this request off.
    pub(super) fn deferral_of(&self, request: &Request) -> Millis {
        let asked = request.patience.unwrap_or(self.deferral);
        asked.min(self.longest_delay)
    }

    /// How long it may take, from this request until everybody was told, if a restart is under way
    /// that turns out to come too early for it. After that, waiting is over.
    pub fn patience(&self, request: &Request) -> Millis {
        let tries = Millis::new(self.one_try.get().saturating_mul(self.tries.max(1).into()));
        let waits = request.delay.min(self.longest_delay).plus(self.cooldown);
        waits
            .plus(self.deferral_of(request))
            .plus(self.hooks)
            .plus(tries)
            .plus(tries)
    }
}

impl Default for Policy {
    /// Deferral and cooldown are those of OpenClaw 2026.9.5 (`infra/restart`: 5 min, 30 s). A
    /// gateway was seen to stop within 2 s and to be ready after 8 to 18 s; a try gets ten times
    /// that.
    fn default() -> Self {
        Self {
            longest_delay: Millis::from_secs(24 * 3600),
            deferral: Millis::from_secs(5 * 60),
            cooldown: Millis::from_secs(30),
            hooks: Millis::from_secs(30),
            one_try: Millis::from_secs(180),
            tries: 3,
        }
    }
}
