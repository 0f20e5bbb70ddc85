//! A turn of an agent, from the question to the expected answer: what people have the gateway for.

use std::time::Duration;

use exuvia_model::probe::{Answer, Need, Probe};
use exuvia_model::restart::Millis;
use exuvia_model::text;
use exuvia_openclaw::gateway::{Target, Turn};
use regex::Regex;

use super::Examiner;
use super::ground::Ground;
use super::words::{LOGS, answer_of};

/// A turn, and what must come of it.
#[derive(Debug, Clone)]
pub struct WorkflowProbe {
    /// In which session it is taken: one of its own, so that no conversation is disturbed.
    pub session: String,
    /// What is said.
    pub message: String,
    /// What the answer must match.
    pub expect: Regex,
    /// Whether an install can do without.
    pub need: Need,
    /// How long it may take. The first turn after a start takes up to 15 s.
    pub deadline: Duration,
}

impl WorkflowProbe {
    pub(super) const NAME: &str = "workflow";

    /// The session of an agent that is kept for this.
    pub fn session_of(agent: &str) -> String {
        format!("agent:{agent}:exuvia-probe")
    }

    /// As a probe.
    pub fn probe(&self) -> Probe {
        Probe {
            name: Self::NAME.into(),
            need: self.need,
            deadline: Millis::from_secs(self.deadline.as_secs()),
        }
    }

    pub(super) async fn ask(&self, examiner: &Examiner, ground: &Ground) -> Answer {
        let client = match Target::find(&examiner.host, &examiner.install) {
            Ok(target) => target.connect(self.deadline).await,
            Err(error) => Err(error),
        };
        let turn = Turn {
            session_key: self.session.clone(),
            message: self.message.clone(),
            idempotency_key: format!("exuvia-probe-{}", examiner.host.now().as_nanosecond()),
        };
        let ended = match client {
            Ok(client) => client.take_turn(&turn, self.deadline).await,
            Err(error) => Err(error),
        };
        match ended {
            Err(error) => answer_of(&error, ground),
            Ok(ended) if !ended.has_ended() => {
                let words = format!("the turn did not end within {} s", self.deadline.as_secs());
                Answer::fail(&words, LOGS)
            }
            Ok(ended) if !ended.is_ok() => {
                let error = ended.error.unwrap_or_default();
                Answer::fail(&format!("the turn failed: {error}"), LOGS)
            }
            Ok(ended) => self.judge(ended.text().unwrap_or_default()),
        }
    }

    fn judge(&self, reply: &str) -> Answer {
        if self.expect.is_match(reply) {
            return Answer::Pass;
        }
        let words = format!(
            "the agent answered \"{}\", which does not match /{}/",
            text::one_line(reply, 120),
            self.expect
        );
        Answer::fail(&words, "ask it yourself: `openclaw agent --message …`")
    }
}
