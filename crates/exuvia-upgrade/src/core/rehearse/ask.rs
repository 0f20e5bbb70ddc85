//! Asking a gateway in a space: everything that a gateway is asked, and a turn of an agent.

use std::path::Path;
use std::time::Duration;

use exuvia_host::process::Sink;
use exuvia_host::space::{Child, Space};
use exuvia_host::{Command, Links, read_limited, read_optional};
use exuvia_model::text;
use exuvia_openclaw::config::StandIn;
use serde_json::json;
use tokio::time::Instant;

use super::judge::Seen;
use super::place::Place;
use super::stage::Stage;
use crate::Trouble;

/// The name of the probe that takes a turn.
pub(super) const TURN: &str = "workflow";
/// How long a turn may take: the first one after a start took 15 s.
const TURN_PATIENCE: Duration = Duration::from_mins(2);
/// How long everything else that is asked may take, from when it is ready.
const ANSWERS: Duration = Duration::from_mins(5);
/// How long the stand-in of the model may take to listen.
const MODEL: Duration = Duration::from_secs(30);
/// How often it is looked whether the gateway still runs.
pub(super) const GLANCE: Duration = Duration::from_millis(100);
/// The most that is read of what a program said.
const MAX_ANSWERS: u64 = 64 << 20;
/// This very program. Where its own file lies may be empty in a space.
const OURSELVES: &str = "/proc/self/exe";

/// What is asked of a gateway in a space.
pub(super) struct Question<'q> {
    /// How many were asked before.
    pub(super) number: usize,
    /// Whether OpenClaw's own checks are asked, too.
    pub(super) whole: bool,
    /// Where whoever asks finds things; its `$EXUVIA_HOME` is of this life alone.
    pub(super) place: &'q Place,
    /// Where it is told which turn to take; nothing where none is to be.
    pub(super) turn: Option<&'q Turn>,
}

/// A turn that is taken against a stand-in of a model.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// The agent that takes it.
    pub(super) agent: String,
    /// What the model says, which nobody else would.
    pub(super) answer: String,
    /// Where the copy's configuration says that the model is.
    pub(super) model: StandIn,
}

impl Stage {
    /// Starts the stand-in of the model, and waits until it listens.
    pub(super) fn start_model(
        &self,
        space: &Space,
        turn: &Turn,
        place: &Place,
        said: &Path,
    ) -> Result<Child, Trouble> {
        let command = Command::new(OURSELVES)
            .args(["stand-in-model", "--port"])
            .arg(turn.model.port.to_string())
            .arg("--answer")
            .arg(&turn.answer);
        let command = place.told(command);
        let model = space.spawn(&command, &Sink::Append(said.to_owned()))?;
        let end = Instant::now() + MODEL;
        while model.wait(GLANCE)?.is_none() && Instant::now() < end {
            let words = read_optional(self.host.as_ref(), said, MAX_ANSWERS, Links::Refuse)?;
            if words.is_some_and(|words| words.starts_with(b"listening")) {
                return Ok(model);
            }
        }
        Err(Trouble::new("the stand-in of the model did not start"))
    }

    /// Everything that a gateway is asked, by this very program inside of the space.
    pub(super) fn ask(
        &self,
        space: &Space,
        gateway: &Child,
        question: &Question<'_>,
    ) -> Result<Seen, Trouble> {
        let probes = question.turn.map_or_else(
            || json!({}),
            |turn| {
                json!({ TURN: { "enabled": true, "agent": turn.agent, "need": "wanted",
                    "message": "This is a rehearsal. Answer with the words that come to your mind.",
                    "expect": turn.answer, "deadline": TURN_PATIENCE.as_secs() } })
            },
        );
        let config = toml::to_string(&json!({ "probes": probes }))?;
        let path = question.place.home.join("config.toml");
        self.host.write_atomic(&path, config.as_bytes(), 0o600)?;
        let wait = self.limits.ready.as_secs().to_string();
        let words = ["status", "--json", "--vitals", "--quiet", "--wait", &wait];
        let less = (!question.whole).then_some("--without-checks");
        let command = Command::new(OURSELVES)
            .args(words)
            .args(less)
            .arg("--install")
            .arg(&question.place.install.state_dir)
            .env("EXUVIA_HOME", &question.place.own_home);
        let command = question.place.told(command);
        let answers = question
            .place
            .home
            .join(format!("seen-{}.json", question.number));
        // Of an earlier life of the same name.
        self.host.remove_file(&answers)?;
        let asking = space.spawn(&command, &Sink::Append(answers.clone()));
        let asking = asking.map_err(|error| self.fault(error))?;
        let end = Instant::now() + self.limits.ready + TURN_PATIENCE + ANSWERS;
        while asking
            .wait(GLANCE)
            .map_err(|error| self.fault(error))?
            .is_none()
        {
            self.is_waited_for()?;
            if let Some(ending) = gateway.ended().map_err(|error| self.fault(error))? {
                return Err(self.with_log(&format!("it ended ({ending:?})")));
            }
            if Instant::now() >= end {
                return Err(self.with_log("it did not answer in time"));
            }
        }
        let said = read_limited(self.host.as_ref(), &answers, MAX_ANSWERS, Links::Refuse)?;
        serde_json::from_slice(&said).map_err(|_| {
            let said = text::one_line(&String::from_utf8_lossy(&said), 300);
            Trouble::new(format!("in the rehearsal it could not be asked ({said})"))
        })
    }
}
