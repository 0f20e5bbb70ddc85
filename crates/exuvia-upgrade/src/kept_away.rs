//! What the user keeps away, by whatever word: a pin, a blocked version, an inhibitor.
//!
//! It is looked at before a run begins, and again in Gate 1: a report and a plan may be older than
//! it. None of it stands in a rollback's way.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_check::{BadVersion, DocumentError, Documents, Inhibitor, Pin};
use exuvia_host::Command;
use exuvia_model::upgrade::Kind;
use exuvia_model::{AssetId, Revision, text};

use crate::{Plan, PolicyError, Upgrades, policy};

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much it may write.
const MAX_OUTPUT: usize = 64 * 1024;
/// How much of its words is told, in characters.
const WORDS: usize = 300;

/// Why something is not upgraded now.
#[derive(Debug, thiserror::Error)]
pub enum KeptAway {
    /// It is to stay what it is.
    #[error("{name} is pinned{}{}; `exuvia unpin {}` lets it be upgraded again",
        .pin.version.as_ref().map_or_else(String::new, |version| format!(" at {version}")),
        Why(.pin.reason.as_deref()), .pin.asset_id)]
    Pinned {
        /// What people call it.
        name: String,
        /// The pin.
        pin: Box<Pin>,
    },
    /// This version is not installed here.
    #[error("{} {}{}; wait for the next version, or take it off the list: `exuvia unblock {}@{}`",
        .0.version, if .0.is_of_user() { "was blocked by you" } else { "failed here before" },
        .0.run.as_ref().map_or_else(String::new, |run| format!(" (`exuvia history {run}`)")),
        .0.asset_id, .0.version)]
    Bad(Box<BadVersion>),
    /// Nothing is to be upgraded for now.
    #[error("upgrades are inhibited by {} until {}{}; `exuvia inhibit --end {}` ends that",
        .0.who, .0.term.end(), Why(.0.reason.as_deref()), .0.run)]
    Inhibited(Box<Inhibitor>),
    /// A program says so.
    #[error("{} inhibits upgrades{}", .program.display(), Why(.why.as_deref()))]
    Denied {
        /// The program.
        program: PathBuf,
        /// Its words.
        why: Option<String>,
    },
    /// A program was asked, and gave no answer.
    #[error("{} was asked whether anything may be upgraded, and {words}; it says so by ending with \
        0, or 1 where nothing may be (`inhibitors` below `[upgrade]` in config.toml)",
        .program.display())]
    Unanswered {
        /// The program.
        program: PathBuf,
        /// What it did.
        words: String,
    },
    /// A list cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The settings cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl KeptAway {
    /// Whether it is somebody's word, and nothing that went wrong.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Document(_) | Self::Policy(_))
    }
}

/// A reason in brackets, where there is one.
struct Why<'w>(Option<&'w str>);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |why| write!(f, " ({why})"))
    }
}

impl Upgrades {
    /// Refuses what is kept away: this asset, in this version where one is known already.
    pub fn must_allow(
        &self,
        asset: &AssetId,
        name: &str,
        version: Option<&Revision>,
    ) -> Result<(), KeptAway> {
        let documents = self.documents();
        if let Some(pin) = documents.list::<Pin>()?.find(asset) {
            return Err(KeptAway::Pinned {
                name: name.to_owned(),
                pin: Box::new(pin.clone()),
            });
        }
        let bad = documents.list::<BadVersion>()?;
        if let Some(bad) = version.and_then(|version| bad.find(asset, version)) {
            return Err(KeptAway::Bad(Box::new(bad.clone())));
        }
        let inhibitors = documents.list::<Inhibitor>()?;
        if let Some(inhibitor) = inhibitors.in_force(self.host.now()).next() {
            return Err(KeptAway::Inhibited(Box::new(inhibitor.clone())));
        }
        let programs = policy(self.host.as_ref(), &self.home)?.inhibitors;
        programs.iter().try_for_each(|program| self.ask(program))
    }

    /// The same of what a plan is to do.
    pub(crate) fn must_allow_plan(&self, plan: &Plan) -> Result<(), KeptAway> {
        if plan.kind == Kind::Rollback {
            return Ok(());
        }
        self.must_allow(&plan.asset, plan.name(), Some(&plan.to))
    }

    /// The documents that a check leaves and reads.
    pub(crate) fn documents(&self) -> Documents {
        let (host, install) = (Arc::clone(&self.host), &self.install);
        Documents::new(host, &install.state_dir, &self.home, &install.id())
    }

    /// Asks a program of the user's: 0 is yes, 1 is no, and all else is no answer.
    fn ask(&self, program: &Path) -> Result<(), KeptAway> {
        let command = Command::new(program)
            .timeout(PATIENCE)
            .max_output(MAX_OUTPUT);
        let unanswered = |words: String| KeptAway::Unanswered {
            program: program.to_owned(),
            words: text::one_line(&words, WORDS),
        };
        let output = self
            .host
            .run(&command)
            .map_err(|error| unanswered(format!("did not answer: {error}")))?;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(1) => {
                let said = String::from_utf8_lossy(&output.stdout);
                let first = said.lines().map(str::trim).find(|line| !line.is_empty());
                Err(KeptAway::Denied {
                    program: program.to_owned(),
                    why: first.map(|line| text::one_line(line, WORDS)),
                })
            }
            _ => {
                let said = output.last_words();
                let said = if said.is_empty() {
                    String::new()
                } else {
                    format!(": {said}")
                };
                Err(unanswered(format!("ended with {}{said}", output.status)))
            }
        }
    }
}
