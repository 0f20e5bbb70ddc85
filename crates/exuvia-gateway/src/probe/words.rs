//! What is said of a gateway that does not work, and what to do about it.
//!
//! Failures of one cause share their remedy, word for word: [`super::advice`] tells them once.

use exuvia_model::probe::Answer;
use exuvia_openclaw::gateway::{Address, GatewayError};

use super::ground::Ground;

pub(super) const START: &str =
    "start it the way you always do, or keep it alive with `exuvia gateway run`";
pub(super) const RESTART: &str = "restart it: `exuvia restart`";
pub(super) const WAIT: &str =
    "wait: `exuvia status --wait 120` does; it takes 8 to 18 s, more on a busy machine";
pub(super) const RESUME: &str = "whoever suspended it resumes it with `openclaw gateway resume ID`; \
     if nobody does, it goes on by itself two minutes after the last request for it. A restart ends \
     it at once";
pub(super) const FOREIGN: &str = "stop what listens on that port, or give the gateway another one \
     (gateway.port in openclaw.json); then start the gateway";
pub(super) const PACKAGE: &str = "put the package back, or install it again (`npm i -g openclaw@` and \
     the version that ran), and restart the gateway then; until then do not stop it, it could not \
     start again";
pub(super) const CONFIG: &str = "mend openclaw.json before anything restarts the gateway; it could not \
     start with it. Earlier ones may lie beside it: openclaw.json.bak, openclaw.json.last-good";
pub(super) const PLUGIN: &str =
    "`openclaw plugins disable ID` takes it out; `openclaw plugins update ID` may mend it";
pub(super) const LOGS: &str = "`openclaw logs` tells more; if a restart does not help, install the \
     package again";
pub(super) const TOKEN: &str = "check gateway.auth in openclaw.json, or set OPENCLAW_GATEWAY_TOKEN to \
     the token that the gateway was started with";

/// What it says of a gateway that it could not be asked. What was seen (nobody there, another
/// program on its port, a refusal) is a failure; silence is not an answer.
pub(super) fn answer_of(error: &GatewayError, ground: &Ground) -> Answer {
    match error {
        GatewayError::Unreachable { address, .. } => unreachable(*address, ground),
        GatewayError::NotAGateway { .. }
        | GatewayError::Garbled { .. }
        | GatewayError::TooLarge { .. } => Answer::fail(&error.to_string(), FOREIGN),
        _ if error.is_suspended() => Answer::fail("the gateway is suspended", RESUME),
        GatewayError::NotNow { refusal, .. } if refusal.reason() == Some("gateway-suspending") => {
            Answer::fail("the gateway is suspended", RESUME)
        }
        GatewayError::NotNow { .. } => Answer::fail(&starting(&error.to_string(), ground), WAIT),
        GatewayError::Denied { .. } => Answer::fail(&error.to_string(), TOKEN),
        GatewayError::Refused { .. } => Answer::fail(&error.to_string(), LOGS),
        _ => Answer::unknown(&error.to_string()),
    }
}

fn unreachable(address: Address, ground: &Ground) -> Answer {
    let Some(process) = &ground.process else {
        return Answer::fail(&format!("nothing listens at {address}"), START);
    };
    if process.is_young() {
        let words = format!("{process} does not listen yet");
        return Answer::fail(&starting(&words, ground), WAIT);
    }
    let words = format!("{process} runs, and does not listen at {address}");
    Answer::fail(&words, RESTART)
}

/// Of a gateway that is on its way.
pub(super) fn starting(words: &str, ground: &Ground) -> String {
    match ground.process.as_ref().and_then(|process| process.age) {
        Some(age) => format!("it is starting, since {} s: {words}", age.as_secs()),
        None => format!("it is starting: {words}"),
    }
}
