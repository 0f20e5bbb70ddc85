//! A version that failed here, remembered so that it is not offered again.

use exuvia_check::BadVersion;
use exuvia_model::Revision;
use exuvia_model::text;
use exuvia_model::upgrade::{Kind, Phase};

use super::Core;
use crate::Trouble;

/// With less room than that, in bytes, a gateway may have died of a full disk.
const ROOM: u64 = 64 << 20;

/// How much of a reason is kept, in characters.
const REASON: usize = 600;

impl Core {
    /// Writes down that the version failed, where that is its own fault. The trouble, with what came
    /// of it.
    pub(crate) fn remember(&self, phase: Phase, trouble: Trouble) -> Trouble {
        let may_blame = matches!(phase, Phase::Rehearse | Phase::Start | Phase::Prove)
            && self.plan.kind != Kind::Rollback;
        if !may_blame || !trouble.is_of_release() {
            return trouble;
        }
        if !self.has_room() {
            return trouble.and("there is hardly any room left, which may be why");
        }
        let bad = BadVersion::of_run(
            self.plan.asset.clone(),
            &Revision::from(self.plan.to.to_string()),
            self.run.clone(),
            &text::one_line(&trouble.to_string(), REASON),
            self.upgrades.host.now(),
        );
        match self.upgrades.documents().add(bad) {
            Ok(()) => trouble,
            Err(error) => trouble.and(&format!("that could not be remembered: {error}")),
        }
    }

    /// Whether whatever wrote had room for it.
    fn has_room(&self) -> bool {
        let has_room = |dir| {
            let free = self
                .upgrades
                .disk
                .open_dir(dir)
                .and_then(|dir| dir.free_space());
            free.is_ok_and(|free| free > ROOM)
        };
        let (home, state) = (self.upgrades.home.root(), &self.upgrades.install.state_dir);
        has_room(home) && has_room(state)
    }
}
