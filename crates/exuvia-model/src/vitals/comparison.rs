//! What a comparison of vitals says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;

/// How much of a name or a reason is kept, in characters.
const MAX_WORDS: usize = 300;

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// The gateway itself.
    Gateway,
    /// A plugin.
    Plugin,
    /// A skill.
    Skill,
    /// A cron job.
    CronJob,
    /// A session.
    Session,
    /// A channel.
    Channel,
    /// A key of the config, or its file.
    Config,
    /// An agent.
    Agent,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway",
            Self::Plugin => "plugin",
            Self::Skill => "skill",
            Self::CronJob => "cron job",
            Self::Session => "session",
            Self::Channel => "channel",
            Self::Config => "config",
            Self::Agent => "agent",
        })
    }
}

/// One difference between two vitals. The words are cleaned and cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What kind of thing it is about.
    pub aspect: Aspect,
    /// Which one: an id, a name, a key; empty where there is only one.
    pub subject: String,
    /// What became of it.
    pub what: String,
}

/// Something that could not be compared. The words are cleaned and cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// What kind of thing it is about.
    pub aspect: Aspect,
    /// Which one; empty for all of them.
    pub subject: String,
    /// Why not.
    pub why: String,
}

/// What became of an install, by two of its vitals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// What was there, or worked, and is not or does not any more.
    pub losses: Vec<Difference>,
    /// What was not there, or did not work, and is or does now.
    pub gains: Vec<Difference>,
    /// What is otherwise than before, and no loss.
    pub changes: Vec<Difference>,
    /// What could not be compared.
    pub unknown: Vec<Unknown>,
}

impl Comparison {
    /// Whether it is known that nothing was lost.
    pub fn is_clean(&self) -> bool {
        self.losses.is_empty() && self.unknown.is_empty()
    }

    pub(super) fn lose(&mut self, aspect: Aspect, subject: &str, what: &str) {
        self.losses.push(Difference::new(aspect, subject, what));
    }

    pub(super) fn gain(&mut self, aspect: Aspect, subject: &str, what: &str) {
        self.gains.push(Difference::new(aspect, subject, what));
    }

    pub(super) fn change(&mut self, aspect: Aspect, subject: &str, what: &str) {
        self.changes.push(Difference::new(aspect, subject, what));
    }

    pub(super) fn doubt(&mut self, aspect: Aspect, subject: &str, why: &str) {
        self.unknown.push(Unknown {
            aspect,
            subject: text::one_line(subject, MAX_WORDS),
            why: text::one_line(why, MAX_WORDS),
        });
    }
}

impl Difference {
    fn new(aspect: Aspect, subject: &str, what: &str) -> Self {
        Self {
            aspect,
            subject: text::one_line(subject, MAX_WORDS),
            what: text::one_line(what, MAX_WORDS),
        }
    }
}

/// A name from a file may be anything.
fn named(f: &mut fmt::Formatter<'_>, aspect: Aspect, subject: &str) -> fmt::Result {
    match text::one_line(subject, MAX_WORDS) {
        subject if subject.is_empty() => write!(f, "{aspect}"),
        subject => write!(f, "{aspect} {subject}"),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(f, self.aspect, &self.subject)?;
        write!(f, ": {}", text::one_line(&self.what, MAX_WORDS))
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(f, self.aspect, &self.subject)?;
        write!(f, ": {}", text::one_line(&self.why, MAX_WORDS))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.losses.len(), self.unknown.len()) {
            (0, 0) => f.write_str("nothing was lost")?,
            (0, _) => f.write_str("whether something was lost is not known")?,
            (1, _) => f.write_str("1 LOSS")?,
            (losses, _) => write!(f, "{losses} LOSSES")?,
        }
        for loss in &self.losses {
            write!(f, "\n  lost     {loss}")?;
        }
        for unknown in &self.unknown {
            write!(f, "\n  unknown  {unknown}")?;
        }
        for change in &self.changes {
            write!(f, "\n  changed  {change}")?;
        }
        for gain in &self.gains {
            write!(f, "\n  gained   {gain}")?;
        }
        Ok(())
    }
}
