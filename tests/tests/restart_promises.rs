//! What users were let down by, and what `exuvia` promises instead: an `ok` is another process, no
//! restart spoils the next one, and a gateway that is left down is said to be.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use exuvia_e2e::Stand;
use exuvia_testkit::gateway::Restart;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn signal(pid: &Value, signal: Signal) {
    let pid = i32::try_from(pid.as_i64().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// 78110: "ok" was reported, and the old process was still alive.
#[test]
fn no_restart_is_reported_while_the_old_process_lives() {
    let stand = Stand::new();
    let _keeper = stand.keep();
    stand.installed.wait_until_it_listens();
    let before = stand.pid();
    stand.installed.behave(|it| {
        it.restart = Restart::Ignored;
        it.ignores_term = true;
    });
    let run = stand.exuvia(&["restart", "--force", "--no-wait", "--json"]);
    let run = run.exits(75).json()["run"].as_str().unwrap().to_owned();
    let status = || stand.exuvia(&["update", "status", &run, "--json"]).json();
    // It is not killed before its grace is over, and counts as under way for so long.
    assert_eq!(stand.pid(), before);
    assert_eq!(status()["outcome"]["state"], "pending");
    signal(&before, Signal::KILL);
    let over = exuvia_e2e::until("it is over", || {
        let status = status();
        (status["outcome"]["state"] != "pending").then_some(status)
    });
    assert_eq!(over["outcome"]["state"], "restarted", "{over:#}");
    assert_eq!(over["processBefore"]["pid"], before);
    assert_ne!(over["found"]["process"]["pid"], before);
}

/// 79577: a SIGUSR1 that was ignored poisoned every later restart.
#[test]
fn a_signal_that_was_ignored_does_not_spoil_the_next_restart() {
    let stand = Stand::new();
    let _keeper = stand.keep();
    stand.installed.wait_until_it_listens();
    let before = stand.pid();
    stand.installed.behave(|it| it.restart = Restart::Ignored);
    signal(&before, Signal::USR1);
    assert_eq!(
        stand.pid(),
        before,
        "it goes on as if nothing had been said"
    );
    let after = stand.exuvia(&["restart", "--force", "--json"]).exits(0);
    let after = after.json()["sentinel"]["found"]["process"]["pid"].clone();
    assert_ne!(after, before);
    let again = stand.exuvia(&["restart", "--force", "--json"]).exits(0);
    assert_ne!(again.json()["sentinel"]["found"]["process"]["pid"], after);
}

/// 118244: a failure left the gateway down, and nobody said so.
#[test]
fn a_gateway_that_cannot_come_back_is_said_to_be_down_and_why() {
    let stand = Stand::new();
    let _ended = stand.keep();
    stand.installed.wait_until_it_listens();
    stand.installed.behave(|it| it.bad_config = true);
    let failed = stand.exuvia(&["restart", "--force"]).exits(1);
    assert!(failed.stdout.contains("exit code 78"), "{failed:#?}");
    assert!(failed.stdout.contains("no gateway ran"), "{failed:#?}");
    let status = stand.exuvia(&["update", "status"]).exits(1);
    assert!(status.stdout.contains("FAILED"), "{status:#?}");
    let status = stand.broken().to_string();
    assert!(status.contains("its configuration cannot work"), "{status}");
    let refused = stand.exuvia(&["restart", "--force"]).exits(3);
    assert!(
        refused.stderr.contains("exuvia gateway run"),
        "{refused:#?}"
    );
    // What was in its way is mended, and it is kept again.
    stand.installed.behave(|it| it.bad_config = false);
    let _again = stand.keep();
    let _ = stand.exuvia(&["status", "--wait", "60"]).exits(0);
}

#[test]
fn a_gateway_that_ends_by_itself_is_brought_back() {
    let stand = Stand::new();
    let _keeper = stand.keep();
    stand.installed.wait_until_it_listens();
    let before = stand.pid();
    signal(&before, Signal::KILL);
    exuvia_e2e::until("another one runs", || {
        let now = stand.pid();
        (now.is_u64() && now != before).then_some(())
    });
}

#[test]
fn what_nobody_can_restart_is_refused_with_what_would_change_that() {
    let stand = Stand::new();
    let gateway = stand.installed.run();
    let asked: [&[&str]; 4] = [
        &["update", "run"],
        &[
            "update",
            "run",
            "--note",
            "done",
            "--session-key",
            "agent:main:main",
        ],
        &["update", "run", "--note", "done"],
        &["restart", "--force"],
    ];
    for words in asked {
        let refused = stand.exuvia(words).exits(3);
        let told = refused.stderr.replace('\n', " ");
        assert!(told.contains("exuvia gateway run"), "{words:?}: {told}");
        assert!(told.contains("was started by hand"), "{words:?}: {told}");
    }
    assert!(!stand.exuvia_home().exists(), "nothing was kept of it");
    assert_eq!(stand.pid(), gateway.pid());
    assert_eq!(stand.installed.book().starts().len(), 1);
}

#[test]
fn a_note_for_nobody_is_refused_before_anything_is_changed() {
    let stand = Stand::new();
    let _keeper = stand.keep();
    stand.installed.wait_until_it_listens();
    let refused = stand.exuvia(&["update", "run", "--note", "done"]).exits(3);
    assert!(refused.stderr.contains("--session-key"), "{refused:#?}");
    assert_eq!(
        stand.exuvia(&["update", "status", "--json"]).json(),
        Value::Null
    );
    assert_eq!(stand.installed.book().starts().len(), 1);
}
