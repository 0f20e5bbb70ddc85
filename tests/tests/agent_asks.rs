//! An agent that asks for an update of the gateway that it runs in, by a tool call, in a real
//! gateway.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::path::Path;

use exuvia_e2e::{Kept, binary, sandbox, until};
use exuvia_testkit::sandbox::OPENCLAW;
use serde_json::{Value, json};

/// Not the main one, so that it must be found out who asks.
const ASKS: &str = "agent:main:second";
const MAIN: &str = "agent:main:main";

/// What an agent would write. What it is told and how it ends stays after it was ended itself.
fn script(dir: &Path) -> String {
    let (exuvia, dir) = (binary(), dir.display());
    format!(
        "{} update run --note 'MARK done' --json >{dir}/said 2>{dir}/noted\n\
         echo $? >{dir}/code.new\n\
         mv {dir}/code.new {dir}/code\n",
        exuvia.display(),
    )
}

#[test]
fn the_session_that_asks_for_an_update_is_told_once_and_by_another_process() {
    let kept = Kept::start(sandbox());
    let dir = kept.home().path();
    // A session that is there and has nothing to do.
    let hello = ["agent", "--agent", "main", "--message", "hello", "--json"];
    assert_eq!(kept.openclaw(&hello).exits(0).json()["status"], "ok");
    std::fs::write(dir.join("ask.sh"), script(dir)).unwrap();
    let before = kept.pid();
    // Without the words of the note, which would stand in the transcript by the call.
    let command = format!("sh {}", dir.join("ask.sh").display());
    let call = json!({ "command": command });
    kept.provider.call("exec", &call).reply("asked");
    let turn = json!({ "message": "update yourself", "sessionKey": ASKS, "idempotencyKey": "1" });
    kept.call("agent", &turn);

    let code = until("the script has ended", || {
        std::fs::read_to_string(dir.join("code")).ok()
    });
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(code.trim(), "75", "{} {}", read("said"), read("noted"));
    let said: Value = serde_json::from_str(&read("said")).unwrap();
    assert_eq!(said["handedOver"], true, "{said}");
    let run = said["run"].as_str().unwrap();

    let status = until("everybody was told", || {
        let status = kept.exuvia(&["update", "status", run, "--json"]).json();
        let delivery = &status["note"]["delivery"]["state"];
        let is_open = delivery == "owed" || delivery == "sending";
        (!is_open && status["outcome"]["state"] != "pending").then_some(status)
    });
    assert_eq!(status["outcome"]["state"], "restarted", "{status:#}");
    assert_eq!(status["versionBefore"], OPENCLAW, "{status:#}");
    assert_eq!(status["versionExpected"], OPENCLAW, "{status:#}");
    assert_eq!(status["found"]["version"], OPENCLAW, "{status:#}");
    assert_eq!(status["session"], ASKS, "{status:#}");
    assert_eq!(
        status["note"]["delivery"]["state"], "delivered",
        "{status:#}"
    );
    assert_ne!(kept.pid(), before);
    assert_eq!(kept.told(ASKS, "MARK done"), 1);
    assert_eq!(kept.told(MAIN, "MARK done"), 0);
}
