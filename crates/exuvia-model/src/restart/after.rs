//! Which restart an update calls for.

use serde::{Deserialize, Serialize};

use super::{Kind, Millis, Request};

/// How an update ended, as far as a restart is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateResult {
    /// The package tree was replaced under the running gateway.
    Swapped,
    /// A git checkout was brought to another commit and built.
    CheckedOut,
    /// What was asked for was there already, and is what the gateway was started from.
    InPlace,
    /// Nothing was done, on purpose.
    Skipped,
    /// It failed.
    Failed,
}

/// The restart that follows on an update, made of what the caller asked for.
///
/// After a swap it is forced and without delay: the old process has modules in memory that point at
/// files which are no longer there, and would load them late (openclaw/openclaw 75206, commit
/// e131eae). A checkout keeps the caller's delay and may be deferred. After a failure there is none:
/// restarting into a half-made tree is how crash loops begin.
pub fn restart_after(result: UpdateResult, asked: Request) -> Option<Request> {
    let request = Request {
        kind: Kind::Upgrade,
        ..asked
    };
    match result {
        UpdateResult::Swapped => Some(Request {
            delay: Millis::ZERO,
            force: true,
            ..request
        }),
        UpdateResult::CheckedOut | UpdateResult::InPlace => Some(request),
        UpdateResult::Skipped | UpdateResult::Failed => None,
    }
}
