//! What a source can answer instead of what was asked for.

use std::fmt;
use std::time::Duration;

/// A source gave no usable answer: what happened, with whom, and what can be done.
///
/// Addresses in it are without passwords and tokens, and text from outside is cleaned, so that it
/// can be shown and logged as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing may be asked, and no earlier answer is kept.
    #[error("{url} was not asked (--offline) and no earlier answer is kept; check once online")]
    Offline {
        /// What would have been asked.
        url: String,
    },
    /// No connection, or one that broke.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// An HTTP status that is no answer.
    #[error("{url} answered with HTTP status {status}{}", Hint(*.status))]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// The source knows no such thing: 404 or 410.
    #[error("{url} does not exist (HTTP 404)")]
    NotFound {
        /// What was asked.
        url: String,
    },
    /// The source wants to be left alone for a while.
    #[error("{url} limits how often it may be asked{}", Wait(*.retry_after))]
    RateLimited {
        /// What was asked.
        url: String,
        /// When it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// More bytes than any honest answer has, counted after decompression.
    #[error("the answer of {url} is larger than {max} bytes and was not read to its end")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit in bytes.
        max: u64,
    },
    /// Something else than the document that was asked for.
    #[error("the answer of {url} is not the document it should be: {reason}")]
    NotJson {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Connected, and no answer within the time.
    #[error("{url} did not answer within {} s", .after.as_secs_f32())]
    TimedOut {
        /// What was asked.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// A redirect, an address or a name that is not followed because it could do harm.
    #[error("{what} is refused: {reason}")]
    Refused {
        /// What is refused: an address, a name, a redirect.
        what: String,
        /// Why.
        reason: String,
    },
    /// An archive that cannot be read at all.
    #[error("the archive {url} cannot be read: {reason}")]
    BadArchive {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are not those that the registry promised.
    #[error(
        "the bytes of {url} are not those the registry promised: expected {expected}, found {found}"
    )]
    IntegrityMismatch {
        /// Where they came from.
        url: String,
        /// What was promised.
        expected: String,
        /// What came.
        found: String,
    },
    /// No npm registry can be found out.
    #[error("no npm registry is configured and {reason}; set `registry=` in .npmrc")]
    NoRegistry {
        /// Why npm itself could not tell either.
        reason: String,
    },
    /// git failed.
    #[error("git {command} failed: {reason}")]
    Git {
        /// The subcommand.
        command: String,
        /// git's last words.
        reason: String,
    },
    /// The repository's history no longer has the installed commit below the new one.
    #[error(
        "the history was rewritten: {from} is not an ancestor of {to}, so what changed between \
         them cannot be listed"
    )]
    HistoryRewritten {
        /// The installed commit.
        from: String,
        /// The offered commit.
        to: String,
    },
    /// This machine cannot ask anybody: certificates, proxies.
    #[error("HTTP cannot be set up on this machine: {reason}")]
    Setup {
        /// Why not.
        reason: String,
    },
}

struct Hint(u16);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            401 | 403 => f.write_str(" (it wants credentials, or others)"),
            407 => f.write_str(" (the proxy wants credentials)"),
            500.. => f.write_str(" (it is broken at the moment)"),
            _ => Ok(()),
        }
    }
}

struct Wait(Option<Duration>);

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, "; it may be asked again in {} s", wait.as_secs()),
            None => f.write_str("; try again later"),
        }
    }
}
