//! What a keeper is told by signals.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::KeeperError;

/// The signals that a keeper listens to.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
}

/// What they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signalled {
    /// End, and the gateway with you.
    Quit,
    /// Hand it on: OpenClaw restarts by itself on `SIGUSR1`.
    Forward,
    /// Become the program that now lies where yours did.
    Replace,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, KeeperError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(KeeperError::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(KeeperError::Signals)?,
            hangup: signal(SignalKind::hangup()).map_err(KeeperError::Signals)?,
            user1: signal(SignalKind::user_defined1()).map_err(KeeperError::Signals)?,
            user2: signal(SignalKind::user_defined2()).map_err(KeeperError::Signals)?,
        })
    }

    pub(super) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.terminate.recv() => Signalled::Quit,
            _ = self.interrupt.recv() => Signalled::Quit,
            _ = self.hangup.recv() => Signalled::Quit,
            _ = self.user1.recv() => Signalled::Forward,
            _ = self.user2.recv() => Signalled::Replace,
        }
    }
}
