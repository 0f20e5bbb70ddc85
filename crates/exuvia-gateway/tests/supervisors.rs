//! systemd and launchd, with scripts in place of their programs, and a container's engine with a
//! few lines in its place.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests' own ground is the machine, and they may panic"
)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exuvia_gateway::restart::Restarts;
use exuvia_gateway::running::Presence;
use exuvia_gateway::supervisor::{Overseer, SupervisorError, detect};
use exuvia_host::Host;
use exuvia_host::process::{Processes, Seen};
use exuvia_host::testing::TestHost;
use exuvia_model::restart::{Manner, Restartability, Supervisor};

use support::{Ground, ask_and_wait, forced, is_restarted, play_driver, play_keeper, policy};

const SOON: Duration = Duration::from_secs(20);
const UNIT: &str = "openclaw-gateway.service";

#[test]
fn role_keeper() {
    play_keeper();
}

#[test]
fn role_driver() {
    play_driver();
}

/// Puts a program on the PATH that writes down its words before it does what the script says.
fn program(ground: &Ground, name: &str, script: &str) {
    let dir = ground.root.join("fake");
    std::fs::create_dir_all(&dir).unwrap();
    let calls = ground.root.join("calls");
    let text = format!(
        "#!/bin/sh\necho {name} \"$*\" >>{}\n{script}\n",
        calls.display()
    );
    std::fs::write(dir.join(name), text).unwrap();
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.join(name), mode).unwrap();
}

fn calls(ground: &Ground) -> Vec<String> {
    let text = std::fs::read_to_string(ground.root.join("calls")).unwrap_or_default();
    std::fs::write(ground.root.join("calls"), "").unwrap();
    text.lines().map(str::to_owned).collect()
}

fn host(ground: &Ground) -> Arc<dyn Host> {
    let path = format!("{}:/usr/bin:/bin", ground.root.join("fake").display());
    let host = TestHost::new()
        .with_env("EXUVIA_HOME", ground.home.root())
        .with_env("XDG_RUNTIME_DIR", ground.root.as_os_str())
        .with_env("PATH", path);
    Arc::new(host)
}

fn with_service(mut ground: Ground, file: &str) -> Ground {
    ground.place.install.service = Some(ground.root.join(file));
    ground
}

fn restarts(ground: &Ground) -> Restarts {
    let (home, install) = (ground.home.clone(), ground.install.clone());
    Restarts::new(
        host(ground),
        home,
        install,
        Processes::new(),
        ground.options(policy()),
    )
}

fn overseer(ground: &Ground, supervisor: Supervisor) -> Overseer {
    let (home, install) = (ground.home.clone(), Arc::new(ground.install.clone()));
    Overseer::new(host(ground), home, install, Processes::new(), supervisor)
}

fn myself() -> Seen {
    Processes::new().find(std::process::id()).unwrap()
}

#[tokio::test]
async fn systemd_is_asked_with_these_words() {
    let ground = Ground::new();
    program(&ground, "systemctl", "");
    let unit = || UNIT.to_owned();
    for (supervisor, scope) in [
        (Supervisor::SystemdUser { unit: unit() }, " --user"),
        (Supervisor::SystemdSystem { unit: unit() }, ""),
    ] {
        let overseer = overseer(&ground, supervisor);
        overseer.start(SOON).await.unwrap();
        overseer.stop(SOON).await.unwrap();
        overseer
            .restart(Manner::Asked, &myself(), SOON)
            .await
            .unwrap();
        overseer
            .restart(Manner::Killed, &myself(), SOON)
            .await
            .unwrap();
        let words = ["start", "stop", "restart", "kill -s SIGKILL", "restart"];
        let expected = words.map(|words| format!("systemctl{scope} {words} {UNIT}"));
        assert_eq!(calls(&ground), expected);
    }
}

#[tokio::test]
async fn launchd_is_asked_with_these_words() {
    let file = "Library/LaunchAgents/ai.openclaw.gateway.plist";
    let ground = with_service(Ground::new(), file);
    program(&ground, "launchctl", "");
    let user = myself().user;
    let label = "ai.openclaw.gateway".to_owned();
    let overseer = overseer(&ground, Supervisor::Launchd { label });
    overseer.start(SOON).await.unwrap();
    overseer.stop(SOON).await.unwrap();
    overseer
        .restart(Manner::Asked, &myself(), SOON)
        .await
        .unwrap();
    overseer
        .restart(Manner::Killed, &myself(), SOON)
        .await
        .unwrap();
    let target = format!("gui/{user}/ai.openclaw.gateway");
    let words = [
        "print",
        "kickstart",
        "bootout",
        "kickstart -k",
        "kill SIGKILL",
        "kickstart -k",
    ];
    assert_eq!(
        calls(&ground),
        words.map(|words| format!("launchctl {words} {target}"))
    );
    // One that is not loaded is loaded.
    program(&ground, "launchctl", "[ $1 != print ]");
    overseer.start(SOON).await.unwrap();
    let file = ground.root.join(file);
    let bootstrap = format!("launchctl bootstrap gui/{user} {}", file.display());
    assert_eq!(
        calls(&ground),
        [format!("launchctl print {target}"), bootstrap]
    );
}

#[tokio::test]
async fn a_supervisor_that_refuses_says_why() {
    let ground = Ground::new();
    program(
        &ground,
        "systemctl",
        "echo 'Interactive authentication required.' >&2; exit 4",
    );
    let unit = UNIT.to_owned();
    let refused = overseer(&ground, Supervisor::SystemdSystem { unit });
    let words = refused.start(SOON).await.unwrap_err().to_string();
    assert!(words.contains("authentication required"), "{words}");
}

fn shows(ground: &Ground, lines: &str) {
    program(ground, "systemctl", &format!("printf '{lines}'"));
}

#[tokio::test]
async fn a_unit_manages_the_gateway_that_it_runs_and_no_other() {
    let ground = with_service(Ground::new(), &format!(".config/systemd/user/{UNIT}"));
    let restarts = restarts(&ground);
    let loaded = |pid: u32| format!("MainPID={pid}\\nLoadState=loaded\\nCanStart=yes\\n");
    shows(&ground, &loaded(0));
    let by = Restartability::By {
        supervisor: Supervisor::SystemdUser {
            unit: UNIT.to_owned(),
        },
    };
    assert_eq!(
        restarts.restartability().await,
        by,
        "nothing runs; it can start it"
    );
    let asked = format!("systemctl --user show {UNIT} -p MainPID,ActiveState,LoadState,CanStart");
    assert_eq!(calls(&ground), [asked]);
    let running = ground.installed.run();
    shows(&ground, &loaded(running.pid()));
    assert_eq!(restarts.restartability().await, by);
    for (lines, expected) in [
        (loaded(1), "runs beside the service"),
        (
            "LoadState=not-found\\n".to_owned(),
            "has not loaded the unit",
        ),
        (
            "LoadState=loaded\\nCanStart=no\\n".to_owned(),
            "may not start the unit",
        ),
    ] {
        shows(&ground, &lines);
        let found = restarts.restartability().await;
        assert!(matches!(found, Restartability::Nobody { .. }), "{found}");
        assert!(found.to_string().contains(expected), "{found}");
    }
}

#[tokio::test]
async fn where_systemd_is_not_the_unit_does_not_count() {
    let ground = with_service(Ground::new(), &format!(".config/systemd/user/{UNIT}"));
    program(
        &ground,
        "systemctl",
        "echo 'Failed to connect to bus' >&2; exit 1",
    );
    let found = restarts(&ground).restartability().await;
    if std::path::Path::new("/run/systemd/system").exists() {
        assert!(matches!(found, Restartability::Unknown { .. }), "{found}");
    } else {
        assert!(found.to_string().contains("no gateway runs"), "{found}");
    }
}

#[tokio::test]
async fn an_agent_manages_the_gateway_that_it_runs_and_no_other() {
    let file = "Library/LaunchAgents/ai.openclaw.gateway.plist";
    let ground = with_service(Ground::new(), file);
    let running = ground.installed.run();
    program(
        &ground,
        "launchctl",
        &format!("echo '  pid = {}'", running.pid()),
    );
    let found = restarts(&ground).restartability().await;
    assert!(matches!(found, Restartability::By { .. }), "{found}");
    program(&ground, "launchctl", "echo '  pid = 1'");
    let found = restarts(&ground).restartability().await;
    assert!(matches!(found, Restartability::Nobody { .. }), "{found}");
}

/// A systemd of a few lines: one unit, with a process in a file.
fn little_systemd(ground: &Ground) {
    let (root, node) = (ground.root.display(), ground.install.node.clone().unwrap());
    let script = ground
        .install
        .package_root
        .as_ref()
        .unwrap()
        .join("openclaw.mjs");
    let state = ground.install.state_dir.display();
    let text = format!(
        "case \"$2\" in\n\
         show) printf 'MainPID=%s\\nLoadState=loaded\\nCanStart=yes\\n' $(cat {root}/pid || echo 0) ;;\n\
         kill) kill -9 $(cat {root}/pid) ;;\n\
         restart) pid=$(cat {root}/pid); kill $pid; while kill -0 $pid; do sleep 0.01; done;\n\
           OPENCLAW_STATE_DIR={state} setsid {} {} gateway run >/dev/null 2>&1 </dev/null &\n\
           echo $! >{root}/pid ;;\n\
         esac 2>/dev/null",
        node.display(),
        script.display(),
    );
    program(ground, "systemctl", &text);
}

#[tokio::test]
async fn a_restart_goes_by_the_unit_and_is_verified() {
    let ground = with_service(Ground::new(), &format!(".config/systemd/user/{UNIT}"));
    little_systemd(&ground);
    let mut running = ground.installed.run();
    std::fs::write(ground.root.join("pid"), running.pid().to_string()).unwrap();
    // Whoever is its parent learns of its end.
    let reaper = std::thread::spawn(move || running.wait());
    let sentinel = ask_and_wait(&restarts(&ground), forced()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    reaper.join().unwrap();
    assert_eq!(ground.told("MARK done"), 1);
    assert_eq!(ground.gateways().len(), 1);
    let restart = format!("systemctl --user restart {UNIT}");
    assert_eq!(
        calls(&ground)
            .iter()
            .filter(|call| **call == restart)
            .count(),
        1
    );
}

const CONTAINER: &str = "0123456789ab";

/// An engine that knows one container. Like every one, it is asked over HTTP, and writes down what.
fn engine(ground: &Ground) -> Arc<dyn Host> {
    let socket = ground.root.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let calls = ground.root.join("calls");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let asked = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let (status, body) = if !asked.contains(CONTAINER) {
                ("404 Not Found", "{\"message\":\"No such container\"}")
            } else if asked.starts_with("GET") {
                ("200 OK", "{}")
            } else {
                ("204 No Content", "")
            };
            let mut file = std::fs::File::options()
                .create(true)
                .append(true)
                .open(&calls);
            writeln!(file.as_mut().unwrap(), "{asked}").unwrap();
            let length = body.len();
            // Who asked may be gone.
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    in_container(ground, &socket, CONTAINER)
}

fn in_container(ground: &Ground, socket: &Path, name: &str) -> Arc<dyn Host> {
    let host = TestHost::new()
        .with_env("EXUVIA_HOME", ground.home.root())
        .with_env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .with_env("HOSTNAME", name);
    Arc::new(host)
}

/// As it is found where the gateway is the first process.
async fn found_as_first(ground: &Ground, host: &Arc<dyn Host>) -> Restartability {
    let first = Processes::new().find(1).unwrap();
    let presence = Presence::Runs(Box::new(first));
    detect(host, &ground.home, &ground.install, &presence).await
}

#[tokio::test]
async fn the_engine_of_a_container_is_asked_with_these_words() {
    let ground = Ground::new();
    let host = engine(&ground);
    let found = found_as_first(&ground, &host).await;
    let supervisor = found.supervisor().unwrap().clone();
    let expected = Supervisor::Container {
        engine: "docker".to_owned(),
        container: CONTAINER.to_owned(),
    };
    assert_eq!(supervisor, expected);
    let (home, install) = (ground.home.clone(), Arc::new(ground.install.clone()));
    let overseer = Overseer::new(host, home, install, Processes::new(), supervisor);
    overseer.start(SOON).await.unwrap();
    overseer.stop(SOON).await.unwrap();
    for manner in [Manner::Asked, Manner::Killed] {
        overseer.restart(manner, &myself(), SOON).await.unwrap();
    }
    let expected = [
        "GET json",
        "POST start",
        "POST stop",
        "POST restart",
        "POST restart?t=0",
    ]
    .map(|call| call.replace(' ', &format!(" /containers/{CONTAINER}/")) + " HTTP/1.1");
    assert_eq!(calls(&ground), expected);
}

#[tokio::test]
async fn a_container_whose_engine_cannot_say_so_is_not_known_to_come_back() {
    let ground = Ground::new();
    let _engine = engine(&ground);
    let socket = ground.root.join("engine.sock");
    let nowhere = ground.root.join("no.sock");
    for (host, why) in [
        (in_container(&ground, &nowhere, CONTAINER), "no answer"),
        (
            in_container(&ground, &socket, "ba9876543210"),
            "No such container",
        ),
        (
            in_container(&ground, &socket, "gateway"),
            "cannot be reached",
        ),
    ] {
        let found = found_as_first(&ground, &host).await;
        assert!(matches!(found, Restartability::Unknown { .. }), "{found}");
        let words = found.to_string();
        assert!(words.contains(why), "{words}");
        assert!(words.contains("make `exuvia gateway run` the"), "{words}");
    }
}

#[tokio::test]
async fn an_engine_that_is_out_of_reach_is_told_of() {
    let ground = Ground::new();
    let supervisor = Supervisor::Container {
        engine: "docker".to_owned(),
        container: CONTAINER.to_owned(),
    };
    let (home, install) = (ground.home.clone(), Arc::new(ground.install.clone()));
    let host = in_container(&ground, &ground.root.join("no.sock"), "gateway");
    let overseer = Overseer::new(host, home, install, Processes::new(), supervisor);
    let failed = overseer.start(SOON).await.unwrap_err();
    assert!(
        matches!(failed, SupervisorError::OutOfReach { .. }),
        "{failed}"
    );
}
