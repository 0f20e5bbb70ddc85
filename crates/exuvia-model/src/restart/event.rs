//! What can happen, and what is to be done about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ended, Generation, HooksId, Millis, Now, ProcessIdentity, Request, RequestId};
use crate::text;

/// What the gateway has to do before it may be restarted unasked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Work {
    /// Nothing.
    None,
    /// So many things: turns, replies, tasks.
    Pending {
        /// How many.
        count: u64,
    },
    /// It could not be told. Counts as pending: the deferral's own end bounds the wait.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no work is pending"),
            Self::Pending { count: 1 } => f.write_str("1 piece of work is pending"),
            Self::Pending { count } => write!(f, "{count} pieces of work are pending"),
            Self::Unknown { why } => {
                let why = text::one_line(why, 300);
                write!(f, "whether work is pending could not be told: {why}")
            }
        }
    }
}

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Event {
    /// When.
    pub at: Now,
    /// What.
    pub what: What,
}

/// Something that happened. Every one may be told twice, or long after it mattered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// Somebody asks for a restart.
    Asked(Request),
    /// Time went by; the timer fired.
    Tick,
    /// The answer to [`Effect::WatchWork`]; told again whenever it changes.
    Work {
        /// For which restart it was asked.
        generation: Generation,
        /// What is pending.
        work: Work,
    },
    /// The answer to [`Effect::RunHooks`].
    Prepared {
        /// For which restart.
        generation: Generation,
        /// Whose hooks.
        request: RequestId,
        /// Why they failed, if they did.
        failed: Option<String>,
    },
    /// The answer to [`Effect::Restart`]: another process runs.
    Restarted {
        /// Which restart.
        generation: Generation,
        /// The process that was found running.
        found: ProcessIdentity,
    },
    /// The other answer to [`Effect::Restart`]: this try did not work.
    NotRestarted {
        /// Which restart.
        generation: Generation,
        /// Which try.
        attempt: u32,
        /// Why.
        why: String,
    },
    /// The answer to [`Effect::Settle`]: everybody was told, durably.
    Settled {
        /// Of which restart.
        generation: Generation,
    },
    /// This state was loaded by another process than the one that wrote it.
    Resumed,
}

/// How a process is made to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// It is asked to, and given time to finish what it does.
    Asked,
    /// It was asked before and did not: it is killed. A gateway that ignored one signal must not
    /// poison the next restart (openclaw/openclaw 79577).
    Killed,
}

/// Something to be done. Whoever does it may be killed at any point, and it is then told again, by
/// the same values: each says what makes doing it twice the same as doing it once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Make the new state durable, before anything that comes after it. Always first.
    Persist,
    /// Tell who asked what became of the request. Lost with the one who asked; the sentinel stays.
    Answer {
        /// The request.
        request: RequestId,
        /// What became of it.
        answer: Answer,
    },
    /// Tell [`What::Tick`] after this long. The timer that was armed before is forgotten.
    ArmTimer {
        /// From now.
        after: Millis,
    },
    /// Ask the gateway what work is pending, now and whenever it may have changed, for as long as
    /// this restart is deferred.
    WatchWork {
        /// Which restart.
        generation: Generation,
    },
    /// The restart is being deferred: say so in the sentinels.
    Defer {
        /// Whose.
        requests: Vec<RequestId>,
        /// How long at most.
        at_most: Millis,
        /// What for.
        work: Work,
    },
    /// Run the hooks. Generation and request are the key: whoever runs them records it first, and
    /// never begins hooks whose key is recorded.
    RunHooks {
        /// For which restart.
        generation: Generation,
        /// Whose.
        request: RequestId,
        /// Which.
        hooks: HooksId,
        /// What they may take.
        within: Millis,
    },
    /// See to it that a gateway runs which is none of these processes. When one does, there is
    /// nothing to do but say so; when none runs, one is started.
    Restart {
        /// Which restart.
        generation: Generation,
        /// Which try, from 1.
        attempt: u32,
        /// The processes that must end.
        replaces: Vec<ProcessIdentity>,
        /// How.
        manner: Manner,
        /// What it may take.
        within: Millis,
    },
    /// Complete the sentinels of these requests. A sentinel is completed once by itself.
    Settle(Ended),
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It leads a restart.
    Leads {
        /// Which one.
        generation: Generation,
        /// How long until it is due.
        wait: Millis,
        /// The one that led before; its hooks will not run.
        instead_of: Option<RequestId>,
    },
    /// It is answered by a restart that another one leads.
    Joins {
        /// Which one.
        generation: Generation,
        /// How long until it is due.
        wait: Millis,
        /// The one that leads.
        lead: RequestId,
    },
    /// A restart is under way. It answers this request too unless the new gateway was running
    /// already when it was made; then another restart follows.
    UnderWay {
        /// Which one.
        generation: Generation,
    },
    /// It has been answered.
    Ended {
        /// By which one.
        generation: Generation,
    },
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = |wait: &Millis| match *wait {
            Millis::ZERO => "due now".to_owned(),
            wait => format!("due in {wait}"),
        };
        match self {
            Self::Leads {
                generation,
                wait,
                instead_of: None,
            } => write!(f, "{generation} is scheduled, {}", when(wait)),
            Self::Leads {
                generation,
                wait,
                instead_of: Some(other),
            } => write!(
                f,
                "{generation} now follows this request instead of {other}, {}",
                when(wait)
            ),
            Self::Joins {
                generation,
                wait,
                lead,
            } => write!(
                f,
                "{generation}, asked for by {lead}, answers this request too, {}",
                when(wait)
            ),
            Self::UnderWay { generation } => write!(
                f,
                "{generation} is under way; if it comes too early for this request another one \
                 follows"
            ),
            Self::Ended { generation } => write!(f, "{generation} has answered this request"),
        }
    }
}

/// An event that cannot be. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// Nothing of the kind was asked.
    #[error("{generation} was told that {what}, which nobody asked it for; read its state again")]
    NotAsked {
        /// Which restart.
        generation: Generation,
        /// What was told.
        what: &'static str,
    },
    /// It is not another process.
    #[error(
        "{generation} was told that {found} is the new gateway, but it cannot be told from the \
         old one; it does not count as restarted"
    )]
    NotAnother {
        /// Which restart.
        generation: Generation,
        /// What was found.
        found: ProcessIdentity,
    },
    /// Too many wait already.
    #[error("{limit} requests wait for {generation} already; ask again when it has ended")]
    TooMany {
        /// Which restart.
        generation: Generation,
        /// How many may wait.
        limit: usize,
    },
}
