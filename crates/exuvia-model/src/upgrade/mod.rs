//! An upgrade, or its undoing, as one transaction on the package and the state that belongs to it.
//!
//! ```text
//!  Check ──▶ Stage ──▶ Rehearse ──▶ Quiesce ──▶ Preserve ──▶ Swap ──▶ (Adopt) ──▶ Start ──▶ Prove
//!    │         │          │            │           │          │          │          │         │
//!    │         └────┬─────┘            └─────┬─────┘          └──────────┴────┬─────┴─────────┤
//!    ▼              ▼                        ▼                                ▼             Commit
//!  Ended ◀────── Discard ◀──────────────── Revive                           Halt              │
//!    ▲              ▲                                                         │             Ended
//!    │              └── Verify ◀── Relaunch ◀── Restore ◀── Unswap ◀──────── Keep
//! ```
//!
//! - Until *Quiesce* the live install is not touched, and between *Swap* and *Commit* everything
//!   that failed goes all the way back: the package by the same exchange, the state from the
//!   snapshot that *Preserve* took. A rollback of a committed upgrade is the same transaction: its
//!   package is the one that was kept, and *Adopt* puts the state that belongs to it in place.
//! - Every effect may be performed twice, and each tells by what it finds whether it was done.
//! - A new driver ([`Event::Resumed`]) goes forward only from where the new version was already
//!   being started: then the way forward is as short as the way back, and turns that were taken
//!   since are kept. From anywhere else it goes back.
//! - No effect that moves the package or the state is ever performed by a new driver before it has
//!   made sure that no gateway runs: whoever keeps the gateway may have started it in between.
//! - On the way back each step is tried [`TRIES`] times; what then still fails is *inconsistent*,
//!   and the only end at which somebody must look.

mod state;
mod step;

#[cfg(test)]
mod search;
#[cfg(test)]
mod tests;

pub use state::{End, Failure, Kind, Phase, State, TRIES};
pub use step::{Effect, Event, IllegalTransition, step};
