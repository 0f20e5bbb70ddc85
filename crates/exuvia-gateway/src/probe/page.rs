//! The probe pages, by what their bodies say.

use exuvia_model::Revision;
use exuvia_model::probe::{Answer, Builtin};
use exuvia_openclaw::gateway::{Address, http};

use super::ground::Ground;
use super::patience;
use super::words::{FOREIGN, LOGS, PACKAGE, RESTART, RESUME, WAIT, answer_of, starting};

const OK: u16 = 200;
/// What OpenClaw says of itself when it stops, restarts or is suspended.
const DRAINING: &str = "gateway-draining";
/// What it says until it is up.
const SIDECARS: &str = "startup-sidecars";
/// What `/startupz` says once it is done.
const STARTED: &str = "started";

pub(super) async fn ready(address: Address, ground: &Ground) -> Answer {
    let page = match http::ready(address, patience(Builtin::Ready)).await {
        Ok(page) => page,
        Err(error) => return answer_of(&error, ground),
    };
    let Some(ready) = page.body.ready else {
        let code = page.code;
        let words = format!("/readyz answers {code} and does not say whether it is ready");
        return Answer::fail(&words, FOREIGN);
    };
    let Some(failing) = page.body.failing else {
        return Answer::unknown("/readyz does not say whether anything is amiss");
    };
    let says = |word: &str| failing.iter().any(|one| one == word);
    match (page.code, ready) {
        (OK, true) if failing.is_empty() => Answer::Pass,
        _ if says(DRAINING) => Answer::fail(
            "the gateway is suspended, or about to stop: it takes no new turns",
            RESUME,
        ),
        _ if says(SIDECARS) => Answer::fail(&starting("it is not ready yet", ground), WAIT),
        (code, _) => Answer::fail(
            &format!("it is not ready ({code}): {}", failing.join(", ")),
            LOGS,
        ),
    }
}

pub(super) async fn version(
    address: Address,
    ground: &Ground,
    expected: Option<&Revision>,
) -> Answer {
    let page = match http::startup(address, patience(Builtin::Version)).await {
        Ok(page) => page,
        Err(error) => return answer_of(&error, ground),
    };
    let Some(found) = page.body.version else {
        return Answer::unknown("the running process does not say its version");
    };
    let Some(expected) = expected else {
        if let Some(words) = ground.lost_words() {
            return Answer::fail(&words, PACKAGE);
        }
        return Answer::unknown(&format!(
            "version {found} runs, and which one should cannot be told: no package says"
        ));
    };
    if let Some(answer) = other_version(&found, expected) {
        return answer;
    }
    match page.body.status.as_deref() {
        Some(STARTED) => Answer::Pass,
        Some(status) => Answer::fail(&starting(status, ground), WAIT),
        None => Answer::unknown("the running process does not say whether it has started"),
    }
}

/// The process outlives its files: another version than that on disk is the old process, still
/// alive.
pub(super) fn other_version(found: &str, expected: &Revision) -> Option<Answer> {
    (Revision::from(found) != *expected).then(|| {
        Answer::fail(
            &format!(
                "{found} runs and {expected} is installed: the old process is still alive, or its \
                 files were replaced under it"
            ),
            RESTART,
        )
    })
}
