//! A caller that ends with the gateway.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests' own ground is the machine, and they may panic"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use exuvia_gateway::restart::{Inside, RestartError, Restarts};
use exuvia_host::SystemHost;
use exuvia_host::process::Processes;

use support::{
    Ground, ask, block_on, forced, is_restarted, part, play_driver, play_keeper, policy, until,
};

#[test]
fn role_keeper() {
    play_keeper();
}

#[test]
fn role_driver() {
    play_driver();
}

/// Asks as an agent's tool does: from inside of the gateway, and then tells what it saw.
#[test]
fn role_caller() {
    let Some(place) = part() else { return };
    let restarts = place.restarts_on(Arc::new(SystemHost::new()), policy());
    block_on(async {
        let inside = restarts.inside().await;
        let run = restarts.ask(forced()).await.unwrap();
        restarts.hand_over(&run).await.unwrap();
        let said = place.root.join("said.new");
        std::fs::write(&said, format!("{inside:?} {run}")).unwrap();
        std::fs::rename(said, place.root.join("said")).unwrap();
        // It would go on, and is ended with the gateway.
        tokio::time::sleep(support::DEADLINE).await;
    });
    std::process::exit(75);
}

/// A gateway that starts the caller as a child of its own, once somebody wants it to.
fn gateway_with_a_caller(ground: &Ground) {
    let program = ground.root.join("bin/wrapped");
    let words: Vec<String> = ground
        .role("role_caller")
        .iter()
        .map(|w| w.to_str().unwrap().to_owned())
        .collect();
    let caller = std::env::current_exe().unwrap();
    let (root, node) = (ground.root.display(), ground.root.join("bin/node"));
    let script = format!(
        "#!/bin/sh\n\
         if [ \"$2 $3\" = 'gateway run' ] && [ ! -e {root}/called ]; then\n\
           touch {root}/called\n\
           (while [ ! -e {root}/call ]; do sleep 0.02; done; exec {} {} >{root}/caller.log 2>&1) &\n\
         fi\n\
         exec {} \"$@\"\n",
        caller.display(),
        words.join(" "),
        node.display(),
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn what_is_asked_from_inside_is_carried_on_from_outside() {
    let ground = Ground::new();
    gateway_with_a_caller(&ground);
    ground.start_keeper();
    let before = ground.until_running().await;
    std::fs::write(ground.root.join("call"), "").unwrap();
    let said = ground.root.join("said");
    let said = until(async || std::fs::read_to_string(&said).ok()).await;
    let (inside, run) = said.split_once(' ').unwrap();
    assert_eq!(inside, format!("Some({:?})", Inside::Descendant));
    let run = run.parse().unwrap();
    let settled = async || {
        let restarts = ground.restarts();
        let open = restarts.unsettled().unwrap();
        (!open.contains(&run)).then_some(())
    };
    until(settled).await;
    let sentinel = ground.restarts().sentinel(&run).unwrap().unwrap();
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(ground.told("MARK done"), 1);
    assert_eq!(Processes::new().see(&before), None);
    assert_eq!(ground.gateways().len(), 1);
}

#[tokio::test]
async fn whoever_is_outside_need_not_hand_over_and_can() {
    let ground = Ground::kept().await;
    let restarts = ground.restarts();
    assert_eq!(restarts.inside().await, None);
    let run = restarts.ask(ask()).await.unwrap();
    restarts.hand_over(&run).await.unwrap();
    let sentinel = support::wait(&restarts, &run).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(ground.starts(), 2);
}

#[tokio::test]
async fn a_carrier_that_cannot_begin_is_told_and_nothing_is_lost() {
    let ground = Ground::kept().await;
    let mut options = ground.options(policy());
    options.carrier.program = "/bin/false".into();
    let (home, install) = (ground.home.clone(), ground.install.clone());
    let restarts = Restarts::new(ground.host(), home, install, Processes::new(), options);
    let run = restarts.ask(ask()).await.unwrap();
    let failed = restarts.hand_over(&run).await.unwrap_err();
    assert!(
        matches!(failed, RestartError::NotCarried { .. }),
        "{failed}"
    );
    let unsettled = restarts.unsettled().unwrap();
    assert_eq!(unsettled, std::slice::from_ref(&run));
    let sentinel = support::wait(&ground.restarts(), &run).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
}
