//! When a gateway is restarted, for whom, and how it is known that it was.
//!
//! A pure scheduler after OpenClaw's own (commit e131eae, `infra/restart`), in which a restart is
//! carried through the death of every process that has a part in it: of the gateway, which is the
//! point, and of the driver, at any moment.
//!
//! ```text
//!          Asked               due, not forced             no work, or time is up
//!  Idle ─────────▶ Waiting ───────────────────▶ Deferring ───────────────────────┐
//!   ▲                 │                             │                            ▼
//!   │                 │ due and forced              │ a forced one        Preparing (hooks)
//!   │                 └─────────────────────────────┴───────────────────────▶    │
//!   │                                                                            │ done, failed,
//!   │   another process runs, or every try failed                                ▼ or too slow
//!   └────────────────────────────────────────────────────────────────────── Restarting
//! ```
//!
//! - Requests **coalesce** into the restart that is to come: one restart answers all of them, at
//!   the earliest time that any of them asked for, forced if any of them is, in whatever order they
//!   come. The lead goes to the forced before the others, then to the later [`Kind`], then to the
//!   earlier: of two of the same kind the earlier wins.
//! - A **forced** one waits neither for work nor for the pause between restarts, and ends a deferral
//!   at once.
//! - **Hooks** run once, those of the request that leads; of one that lost the lead before its
//!   hooks began, never.
//! - A restart that is **under way** answers a request that came meanwhile only if the gateway that
//!   comes up is another than the one the request saw: its files may be newer than that gateway.
//!   The others get a restart of their own.
//! - **Restarted** means that another process runs. Which one must go is part of the request, so
//!   that ordering the same restart twice is the same as ordering it once.
//! - Everything has an end: the delay, the deferral, the hooks, each try, and the number of tries.
//!   A restart that is given up says why, and blocks nothing.
//!
//! The driver gives every [`Event`] the time by both clocks (see [`Now`]), does the effects in
//! their order, and stores the state when it meets [`Effect::Persist`]. Whoever loads a stored
//! state tells it [`What::Resumed`] first.

mod after;
mod clock;
mod event;
mod open;
mod policy;
mod process;
mod request;
mod restartability;
mod state;
mod step;
mod words;

#[cfg(test)]
mod tests;

pub use after::{UpdateResult, restart_after};
pub use clock::{Deadline, Epoch, Millis, Now};
pub use event::{Answer, Effect, Event, IllegalTransition, Manner, What, Work};
pub use open::{Accepted, Open};
pub use policy::Policy;
pub use process::ProcessIdentity;
pub use request::{HooksId, Kind, NotARequestId, NotASessionKey, Request, RequestId, SessionKey};
pub use restartability::{CannotRestart, Restartability, Supervisor};
pub use state::{Ended, Generation, Outcome, Prepared, Stage, State};
pub use step::step;
