//! Points between the phases at which a test can do anything. Not in what is released.

use exuvia_host::{Command, Host};
use exuvia_model::upgrade::State;

use crate::{Trouble, Works};

/// Names a program that is run before and after each phase, with `before` or `after` and the
/// phase's name as its words. If it fails the phase does; it may as well kill this process, its
/// parent, or fill the disk.
const PROGRAM: &str = "EXUVIA_FAILPOINT";

/// Effects with those points around them.
pub(crate) struct Pointed<W> {
    effects: W,
    host: std::sync::Arc<dyn Host>,
}

impl<W> Pointed<W> {
    pub(crate) fn new(effects: W, host: std::sync::Arc<dyn Host>) -> Self {
        Self { effects, host }
    }

    fn reach(&self, when: &str, state: &State) -> Result<(), Trouble> {
        let Some(program) = self.host.env(PROGRAM) else {
            return Ok(());
        };
        let phase = state.phase.name();
        let command = Command::new(program).args([when, phase]);
        if self.host.run(&command)?.status.success() {
            return Ok(());
        }
        Err(Trouble::new(format!("a test wants it so {when} {phase}")))
    }
}

impl<W: Works> Works for Pointed<W> {
    async fn perform(&mut self, state: &State) -> Result<(), Trouble> {
        self.reach("before", state)?;
        self.effects.perform(state).await?;
        self.reach("after", state)
    }
}
