//! The journal's nouns: what was done, step by step, and what became of it.
//!
//! A **run** is one operation. It begins, takes steps and is finished, and each of these is an event
//! that is written once and never changed; what is known of a run follows from its events. Events
//! are ordered by their number: the clock may jump, and is only told.

mod id;
mod operation;
mod outcome;
mod record;
mod step;

pub use id::RunId;
pub use operation::{Operation, UnknownName};
pub use outcome::Outcome;
pub use record::{Began, EventRecord, RunRecord};
pub use step::{BEGIN, FINISH, NotAStep, RESUME, Step};
