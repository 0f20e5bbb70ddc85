//! The probes, on a stand-in that lies in every way that a gateway is known to.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' own ground is the machine, and they may panic"
)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exuvia_gateway::keeper::{Places, Told};
use exuvia_gateway::probe::{Examination, Examiner, OwnProbeError, advice};
use exuvia_gateway::vitals;
use exuvia_host::process::Processes;
use exuvia_host::testing::TestHost;
use exuvia_host::{Home, Host};
use exuvia_model::probe::{Answer, Need, Verdict, verdict};
use exuvia_model::supervision::State;
use exuvia_model::vitals::{Part, PluginStatus};
use exuvia_openclaw::{Install, LocateOptions, locate};
use exuvia_testkit::gateway::{Behaviour, Installed, Speaks};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

struct Ground {
    _dir: TempDir,
    standin: Installed,
    host: Arc<dyn Host>,
    home: Home,
    install: Install,
}

impl Ground {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let standin = Installed::at(dir.path());
        let host = TestHost::new()
            .with_env("HOME", standin.root())
            .with_env("PATH", standin.root().join("bin"))
            .with_env("EXUVIA_HOME", standin.root().join("exuvia"));
        let install = locate(&host, &LocateOptions::default()).unwrap();
        let home = Home::locate(&host).unwrap();
        std::fs::create_dir(home.root()).unwrap();
        Self {
            _dir: dir,
            standin,
            host: Arc::new(host),
            home,
            install,
        }
    }

    fn behaving(change: impl FnOnce(&mut Behaviour)) -> Self {
        let ground = Self::new();
        ground.standin.behave(change);
        ground
    }

    fn examiner(&self) -> Result<Examiner, OwnProbeError> {
        Examiner::new(self.host.clone(), &self.home, self.install.clone())
    }

    async fn examine(&self) -> Examination {
        self.examiner().unwrap().examine(None).await
    }

    /// A probe of the user's.
    fn program(&self, directory: &str, name: &str, script: &str, mode: u32) {
        let directory = self.home.root().join("probes").join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join(name);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn settings(&self, text: &str) {
        std::fs::write(self.home.root().join("config.toml"), text).unwrap();
    }
}

/// What a probe said: `pass`, or its words.
fn said(examination: &Examination, name: &str) -> String {
    let one = examination
        .probed
        .iter()
        .find(|one| one.probe.name == name.into())
        .unwrap_or_else(|| panic!("no probe {name}"));
    match &one.answer {
        Answer::Pass => "pass".to_owned(),
        Answer::Fail { why, .. } => format!("fail: {why}"),
        Answer::Unknown { why } => format!("unknown: {why}"),
    }
}

#[track_caller]
fn says(examination: &Examination, name: &str, words: &str) {
    let said = said(examination, name);
    assert!(said.contains(words), "{name} says {said:?}, not {words:?}");
}

#[track_caller]
fn broken(examination: &Examination) {
    let verdict = verdict(&examination.probed);
    assert!(matches!(verdict, Verdict::Broken { .. }), "{verdict}");
}

#[tokio::test]
async fn a_gateway_that_works_passes_everything() {
    let ground = Ground::new();
    let running = ground.standin.run();
    let examination = ground.examine().await;
    assert_eq!(verdict(&examination.probed), Verdict::Healthy);
    let process = examination.process.unwrap();
    assert_eq!(process.seen.id.pid, running.pid());
    assert!(process.age.unwrap() < Duration::from_mins(1));
    assert!(advice(&examination.probed).is_empty());
}

#[tokio::test]
async fn no_gateway_is_told_once_with_one_thing_to_do() {
    let ground = Ground::new();
    let examination = ground.examine().await;
    broken(&examination);
    says(
        &examination,
        "process",
        "fail: no gateway of this install runs",
    );
    says(
        &examination,
        "status",
        "fail: nothing listens at 127.0.0.1:",
    );
    says(&examination, "config", "pass");
    let advice = advice(&examination.probed);
    assert_eq!(advice.len(), 1, "{advice:?}");
    assert!(advice[0].remedy.contains("exuvia gateway run"));
}

#[tokio::test]
async fn another_program_on_the_port_is_no_gateway_whatever_it_answers() {
    let ground = Ground::behaving(|behaviour| behaviour.speaks = Speaks::WebPage);
    let _running = ground.standin.run();
    let examination = ground.examine().await;
    broken(&examination);
    for probe in ["ready", "version", "status", "sessions"] {
        says(&examination, probe, "is not an OpenClaw gateway");
    }
}

#[tokio::test]
async fn a_port_that_belongs_to_another_process_is_told_with_that_process() {
    let ground = Ground::new();
    let other = std::net::TcpListener::bind(("127.0.0.1", ground.standin.port())).unwrap();
    // It takes connections and hangs up.
    std::thread::spawn(move || other.incoming().for_each(drop));
    let examination = ground.examine().await;
    broken(&examination);
    let me = format!("belongs to process {} (", std::process::id());
    says(&examination, "process", &me);
    assert!(
        advice(&examination.probed)[0]
            .remedy
            .contains("stop what listens")
    );
}

#[tokio::test]
async fn the_old_process_is_told_from_the_new_files() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    says(&ground.examine().await, "version", "pass");
    ground.standin.set_version("2026.9.6");
    let examination = ground.examine().await;
    broken(&examination);
    let words = "fail: 2026.9.5 runs and 2026.9.6 is installed";
    says(&examination, "version", words);
    says(&examination, "status", words);
    says(&examination, "sessions", "pass");
}

#[tokio::test]
async fn a_package_that_is_gone_is_told_though_the_gateway_still_answers() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    std::fs::rename(ground.standin.package(), ground.standin.root().join("away")).unwrap();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "ready", "pass");
    says(
        &examination,
        "status",
        "gone from disk under the running gateway",
    );
    let place = ground.standin.package().display().to_string();
    says(&examination, "plugins", &place);
    assert!(
        advice(&examination.probed)[0]
            .remedy
            .contains("install it again")
    );
}

#[tokio::test]
async fn a_suspended_gateway_is_told_as_that_and_until_when() {
    let ground = Ground::behaving(|behaviour| {
        let suspended = json!({ "code": "UNAVAILABLE", "message": "m", "retryable": true,
            "details": { "reason": "gateway-suspending" } });
        for method in ["status", "sessions.list", "channels.status"] {
            behaviour.refuses.insert(method.into(), suspended.clone());
        }
        let until = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let other = json!({ "code": "UNAVAILABLE", "message": "another",
            "details": { "expiresAtMs": until.as_millisecond() } });
        behaviour
            .refuses
            .insert("gateway.suspend.status".into(), other);
        behaviour.failing = vec!["gateway-draining".into()];
    });
    let _running = ground.standin.run();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "ready", "fail: the gateway is suspended");
    says(
        &examination,
        "status",
        "fail: the gateway is suspended, for another",
    );
    assert_eq!(advice(&examination.probed).len(), 1);
}

#[tokio::test]
async fn a_gateway_that_starts_is_told_as_starting_and_can_be_waited_for() {
    let ground = Ground::behaving(|behaviour| behaviour.ready_after_ms = 60_000);
    let _running = ground.standin.run();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "ready", "fail: it is starting, since ");
    let examiner = ground.examiner().unwrap();
    assert!(!examiner.wait_until_started(Duration::from_millis(1)).await);
    ground
        .standin
        .behave(|behaviour| behaviour.ready_after_ms = 0);
    assert!(examiner.wait_until_started(Duration::from_secs(20)).await);
}

#[tokio::test]
async fn a_process_that_stands_still_is_told_at_once() {
    let ground = Ground::new();
    let running = ground.standin.run();
    running.signal("STOP");
    let stands_still = || {
        let seen = Processes::new().find(running.pid());
        seen.is_some_and(|seen| seen.stopped)
    };
    // A signal takes effect once the process is scheduled.
    tokio::time::timeout(Duration::from_secs(20), async {
        while !stands_still() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "process", "stands still");
    says(&examination, "status", "stands still");
    let advice = advice(&examination.probed);
    assert!(
        advice[0]
            .remedy
            .contains(&format!("kill -CONT {}", running.pid()))
    );
    assert_eq!(advice.len(), 1);
}

#[tokio::test]
async fn a_config_that_broke_while_the_gateway_runs_is_told() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    std::fs::write(
        ground.standin.state_dir().join("openclaw.json"),
        "{ \"gateway\": 5",
    )
    .unwrap();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "config", "fail: the configuration is invalid");
    says(
        &examination,
        "plugins",
        "unknown: plugins cannot be checked",
    );
}

#[tokio::test]
async fn a_plugin_that_throws_is_named_and_one_that_is_to_be_migrated_is_none() {
    let ground = Ground::behaving(|behaviour| {
        behaviour.plugin_problems = vec!["broken: Error: boom".into()];
    });
    let _running = ground.standin.run();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "plugins", "fail: plugin broken: Error: boom");
    ground.standin.behave(|behaviour| {
        let mild = "Registered plugin x has a broken OpenClaw host link: elsewhere.";
        behaviour.plugin_problems = vec![mild.into()];
    });
    let examination = ground.examine().await;
    says(&examination, "plugins", "pass");
}

#[tokio::test]
async fn a_method_that_is_refused_is_a_failure_and_another_shape_is_not_known() {
    let ground = Ground::behaving(|behaviour| {
        let error = json!({ "code": "UNAVAILABLE", "message": "Cannot find module" });
        behaviour.refuses.insert("sessions.list".into(), error);
        behaviour
            .answers
            .insert("status".into(), json!({ "runtimeVersion": 5 }));
        behaviour
            .answers
            .insert("channels.status".into(), json!([]));
    });
    let _running = ground.standin.run();
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "sessions", "fail: ");
    says(&examination, "sessions", "Cannot find module");
    says(&examination, "status", "unknown: ");
    says(&examination, "channels", "unknown: ");
}

/// A keeper that says this to whoever asks.
fn keeper(ground: &Ground, state: State) {
    let socket = Places::of(&ground.home, &ground.install).socket();
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    let told = Told {
        keeper: std::process::id(),
        state,
        gateway: None,
        generation: 5,
    };
    let told = serde_json::to_string(&told).unwrap() + "\n";
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(told.as_bytes()).await.unwrap();
        }
    });
}

#[tokio::test]
async fn a_gateway_that_its_keeper_starts_again_and_again_is_not_believed() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    let since = Duration::from_secs(7);
    keeper(&ground, State::Running { since, failures: 3 });
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "process", "ended too soon 3 times");
    says(&examination, "status", "pass");
}

#[tokio::test]
async fn a_gateway_that_is_about_to_be_started_again_is_told_as_that() {
    let ground = Ground::new();
    let until = Duration::from_secs(7);
    keeper(&ground, State::Waiting { until, failures: 2 });
    let examination = ground.examine().await;
    broken(&examination);
    says(&examination, "process", "it ended too soon 2 times");
    says(&examination, "process", "is about to start it again");
}

const PASS: &str = "#!/bin/sh\nexit 0\n";

#[tokio::test]
async fn programs_of_the_user_are_asked_with_where_and_without_secrets() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    let script = "#!/bin/sh\necho first\necho \"$EXUVIA_STATE_DIR $EXUVIA_GATEWAY_URL \
                  ${OPENCLAW_GATEWAY_TOKEN-none}\"\nexit 1\n";
    ground.program("required.d", "10-tells", script, 0o755);
    ground.program("required.d", "20-passes", PASS, 0o700);
    ground.program("wanted.d", "30-silent", "#!/bin/sh\nexit 3\n", 0o700);
    let examination = ground.examine().await;
    broken(&examination);
    let where_it_is = format!(
        "fail: {} http://127.0.0.1:{} none",
        ground.install.state_dir.display(),
        ground.standin.port()
    );
    assert_eq!(said(&examination, "10-tells"), where_it_is);
    assert_eq!(said(&examination, "20-passes"), "pass");
    says(&examination, "30-silent", "it failed and said nothing");
    let silent = examination.probed.last().unwrap();
    assert_eq!(silent.probe.need, Need::Wanted);
}

#[tokio::test]
async fn a_program_that_somebody_else_may_have_put_there_is_never_run() {
    let ground = Ground::new();
    let mark = ground.standin.root().join("was-run");
    let script = format!("#!/bin/sh\n: >{}\n", mark.display());
    ground.program("required.d", "plain", &script, 0o644);
    ground.program("required.d", "open", &script, 0o777);
    ground.program("elsewhere", "target", &script, 0o755);
    let directory = ground.home.root().join("probes/required.d");
    symlink("../elsewhere/target", directory.join("link")).unwrap();
    symlink("/no/such", directory.join("dangling")).unwrap();
    std::fs::create_dir(directory.join("a-directory")).unwrap();
    std::fs::write(directory.join(".hidden"), "").unwrap();
    let examination = ground.examine().await;
    for (name, words) in [
        ("plain", "chmod +x"),
        ("open", "others may write"),
        ("link", "link to somewhere else"),
        ("dangling", "was not run"),
        ("a-directory", "no file"),
    ] {
        says(&examination, name, "unknown: ");
        says(&examination, name, words);
    }
    assert_eq!(examination.probed.len(), 8 + 5);
    assert!(!mark.exists());
    // The script does what it should, where it may.
    let target = ground.home.root().join("probes/required.d/target");
    std::fs::rename(ground.home.root().join("probes/elsewhere/target"), target).unwrap();
    let examination = ground.examine().await;
    assert_eq!(said(&examination, "target"), "pass");
    assert!(mark.exists());
}

#[tokio::test]
async fn a_program_that_floods_or_shows_control_characters_harms_nothing() {
    let ground = Ground::new();
    let flood = "#!/bin/sh\nprintf '%3000000s' x\n";
    ground.program("required.d", "flood", flood, 0o755);
    let escapes = "#!/bin/sh\nprintf '\\033[2Jgone\\n'\nexit 1\n";
    ground.program("required.d", "escapes", escapes, 0o755);
    let examination = ground.examine().await;
    says(&examination, "flood", "unknown: ");
    assert!(!said(&examination, "escapes").contains('\u{1b}'));
}

#[tokio::test]
async fn pages_are_asked_and_what_is_wrong_with_the_settings_is_an_error_with_its_line() {
    let ground = Ground::new();
    let _running = ground.standin.run();
    let port = ground.standin.port();
    ground.settings(&format!(
        "[[probes.http]]\nname = \"page\"\nurl = \"http://127.0.0.1:{port}/healthz\"\nbody = \
         \"live\"\n[[probes.http]]\nname = \"other\"\nurl = \"http://127.0.0.1:{port}/healthz\"\n\
         body = \"^nothing$\"\nneed = \"wanted\"\n[[probes.http]]\nname = \"gone\"\nurl = \
         \"http://127.0.0.1:{port}/readyz\"\nstatus = 404\nneed = \"wanted\"\n"
    ));
    let examination = ground.examine().await;
    assert_eq!(said(&examination, "page"), "pass");
    says(&examination, "other", "without what matches /^nothing$/");
    says(&examination, "gone", "answers 200, not 404");
    assert!(verdict(&examination.probed).is_good());
    ground.settings("[[probes.http]]\nname = \"a\"\nurl = \"http://h/\"\nbody = \"(\"\n");
    let error = ground.examiner().unwrap_err().to_string();
    assert!(error.contains("config.toml:4: "), "{error}");
}

#[tokio::test]
async fn a_workflow_is_a_turn_in_a_session_of_its_own_with_the_expected_answer() {
    let ground = Ground::behaving(|behaviour| behaviour.reply = "PONG!".into());
    let _running = ground.standin.run();
    let workflow = |expect: &str| {
        format!(
            "[probes.workflow]\nenabled = true\nmessage = \"ping\"\nexpect = \"{expect}\"\n\
             deadline = 20\n"
        )
    };
    ground.settings(&workflow("(?i)pong"));
    let examination = ground.examine().await;
    assert_eq!(said(&examination, "workflow"), "pass");
    let book = ground.standin.book();
    assert!(!book.transcript("agent:main:exuvia-probe").is_empty());
    ground.settings(&workflow("^pang$"));
    let examination = ground.examine().await;
    broken(&examination);
    says(
        &examination,
        "workflow",
        "answered \"PONG!\", which does not match /^pang$/",
    );
}

#[tokio::test]
async fn vitals_tell_what_is_there_and_what_could_not_be_told() {
    let ground = Ground::behaving(|behaviour| {
        behaviour.plugins = Some(vec![
            json!({ "id": "a", "installed": true, "enabled": true, "version": "1.0.0",
                "runtime": { "state": "unloaded" } }),
            json!({ "id": "b", "installed": true, "enabled": true,
                "runtime": { "state": "unloaded", "error": "boom" } }),
            json!({ "id": "c", "installed": true, "enabled": false }),
            json!({ "id": "offered", "installed": false, "enabled": false }),
        ]);
        behaviour.cron = Some(vec![json!({ "id": "j", "name": "daily", "enabled": true,
            "schedule": { "kind": "every" } })]);
        behaviour.skills = Some(vec![
            json!({ "name": "s", "eligible": true, "disabled": true }),
        ]);
        behaviour.sessions = vec!["agent:main:main".into()];
        let error = json!({ "code": "UNAVAILABLE", "message": "no channels today" });
        behaviour.refuses.insert("channels.status".into(), error);
    });
    let nothing = vitals::take(&ground.host, &ground.install).await;
    assert_eq!(nothing.gateway, Part::Known(None));
    assert!(matches!(nothing.plugins, Part::Unknown(_)));
    let running = ground.standin.run();
    let vitals = vitals::take(&ground.host, &ground.install).await;
    let Part::Known(Some(gateway)) = vitals.gateway else {
        panic!("{:?}", vitals.gateway)
    };
    assert_eq!(gateway.version.to_string(), "2026.9.5");
    assert_eq!(gateway.process.unwrap().pid, running.pid());
    let Part::Known(plugins) = vitals.plugins else {
        panic!("{:?}", vitals.plugins)
    };
    let status = |id: &str| plugins[id].status.clone();
    assert_eq!(status("a"), PluginStatus::Loaded);
    assert_eq!(status("b"), PluginStatus::Error("boom".into()));
    assert_eq!(status("c"), PluginStatus::Disabled);
    assert_eq!(plugins.len(), 3);
    let Part::Known(cron) = vitals.cron else {
        panic!("{:?}", vitals.cron)
    };
    assert_eq!(cron["j"].name, "daily");
    assert!(matches!(&vitals.skills, Part::Known(skills) if !skills["s"].usable));
    assert!(matches!(&vitals.sessions, Part::Known(all) if all.contains_key("agent:main:main")));
    assert!(matches!(&vitals.channels, Part::Unknown(why) if why.contains("no channels today")));
    let Part::Known(config) = vitals.config else {
        panic!("{:?}", vitals.config)
    };
    assert!(config.keys.contains("gateway.auth.token"));
    assert!(!config.keys.iter().any(|key| key.contains(Installed::TOKEN)));
}

#[test]
fn the_files_of_a_stand_in_are_where_this_expects_them() {
    let ground = Ground::new();
    let root = ground.install.package_root.as_deref();
    assert_eq!(
        root,
        Some(ground.standin.package().as_path()) as Option<&Path>
    );
}
