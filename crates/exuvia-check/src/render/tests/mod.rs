//! The formats as they come out, and what hostile text can do to them: nothing.

mod hostile;
mod sample;
mod schema;
mod snapshots;
mod wording;
