//! Who asks for a restart, why, and how soon.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Millis, ProcessIdentity};
use crate::text;

/// How much of a reason, an actor or a name of hooks is kept, in characters.
const MAX_WORDS: usize = 200;

/// Names one request, and the sentinel that tells what came of it: the id of the run that made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// The text cannot name a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the id of a request (1 to {max} letters, digits, `_` and `-`)",
    max = RequestId::MAX_LEN
)]
pub struct NotARequestId(String);

impl RequestId {
    /// Longest id.
    pub const MAX_LEN: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NotARequestId;

    fn from_str(id: &str) -> Result<Self, NotARequestId> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if (1..=Self::MAX_LEN).contains(&id.len()) && id.bytes().all(good) {
            Ok(Self(id.to_owned()))
        } else {
            Err(NotARequestId(id.chars().take(Self::MAX_LEN).collect()))
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotARequestId;

    fn try_from(id: String) -> Result<Self, NotARequestId> {
        id.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the restart is for. A later kind takes the lead from an earlier one: after an upgrade, what
/// a restart must prove is the upgrade's version, whoever else asked for one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody wants one.
    Restart,
    /// The config changed.
    Config,
    /// The package changed.
    Upgrade,
    /// Something went wrong, and the install went back to an earlier state.
    Recovery,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restart => "restart",
            Self::Config => "config change",
            Self::Upgrade => "upgrade",
            Self::Recovery => "recovery",
        })
    }
}

/// Names what is to be done right before the restart, once. The rules only pass it on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HooksId(String);

impl HooksId {
    /// The hooks of that name.
    pub fn new(name: &str) -> Self {
        Self(text::one_line(name, MAX_WORDS))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session of OpenClaw by its key, such as `agent:main:main`. Data from outside, kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionKey(String);

/// The text cannot be the key of a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session's key has 1 to {max} bytes; this one has {length}", max = SessionKey::MAX_LEN)]
pub struct NotASessionKey {
    /// How many bytes it has.
    pub length: usize,
}

impl SessionKey {
    /// Longest key, in bytes.
    pub const MAX_LEN: usize = 1024;

    /// The key, as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionKey {
    type Err = NotASessionKey;

    fn from_str(key: &str) -> Result<Self, NotASessionKey> {
        match key.len() {
            1..=Self::MAX_LEN => Ok(Self(key.to_owned())),
            length => Err(NotASessionKey { length }),
        }
    }
}

/// A map by key can be asked for a text.
impl Borrow<str> for SessionKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionKey {
    type Error = NotASessionKey;

    fn try_from(key: String) -> Result<Self, NotASessionKey> {
        key.parse()
    }
}

impl From<SessionKey> for String {
    fn from(key: SessionKey) -> Self {
        key.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::one_line(&self.0, MAX_WORDS))
    }
}

/// A request for a restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Names it.
    pub id: RequestId,
    /// What it is for.
    pub kind: Kind,
    /// How long to wait before the restart is due.
    #[serde(rename = "delayMs")]
    pub delay: Millis,
    /// Whether it waits for nothing else: neither for pending work nor for the pause between two
    /// restarts. Its delay holds.
    pub force: bool,
    /// How long pending work may put the restart off; what the policy says where it is not said.
    #[serde(
        rename = "patienceMs",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub patience: Option<Millis>,
    /// Why, in a few words; OpenClaw's own are `update.run`, `config.patch` and the like.
    pub reason: String,
    /// Who asks.
    pub actor: String,
    /// What to do right before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<HooksId>,
    /// The session that asked, to which the note of the sentinel of the same id goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The gateway that must not be the one that runs afterwards, looked up *after* whatever the
    /// restart is for was done; `None` when none ran. Who cannot tell must not ask.
    pub replaces: Option<ProcessIdentity>,
}

impl Request {
    /// A request without delay, force, patience, hooks or session. Reason and actor are cleaned and cut.
    pub fn new(id: RequestId, kind: Kind, reason: &str, actor: &str) -> Self {
        Self {
            id,
            kind,
            delay: Millis::ZERO,
            force: false,
            patience: None,
            reason: text::one_line(reason, MAX_WORDS),
            actor: text::one_line(actor, MAX_WORDS),
            hooks: None,
            session: None,
            replaces: None,
        }
    }

    /// Whether a gateway that was found running surely started after this request was made, though
    /// a restart was under way already. When nothing ran as it was made, there is nothing to tell
    /// by, and an unneeded restart is better than a stale gateway.
    pub fn is_served_by(&self, found: &ProcessIdentity) -> bool {
        let later = |seen| found.is_later_than(seen);
        self.replaces.as_ref().and_then(later) == Some(true)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.force { "forced, " } else { "" };
        let (reason, actor) = (
            text::one_line(&self.reason, MAX_WORDS),
            text::one_line(&self.actor, MAX_WORDS),
        );
        write!(f, "{} ({how}{}, {reason}) by {actor}", self.id, self.kind)
    }
}
