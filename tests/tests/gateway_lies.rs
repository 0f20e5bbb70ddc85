//! Every lie that a gateway is known to tell, told by a real one, and `exuvia status` not believing
//! it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use exuvia_e2e::{Ran, World, sandbox};
use exuvia_host::Host;
use exuvia_host::process::Processes;
use exuvia_host::testing::TestHost;
use exuvia_openclaw::gateway::{Suspended, Target};
use exuvia_openclaw::{LocateOptions, locate};
use exuvia_testkit::sandbox::OPENCLAW;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};

const TOKEN: &str = "sandbox";
const SOON: Duration = Duration::from_mins(1);

/// A world whose package is its own, to be moved away and tampered with.
struct Ground {
    world: World,
    prefix: PathBuf,
    port: u16,
}

impl Ground {
    fn new() -> Self {
        let world = World::fork();
        let beside = world.home().path().parent().unwrap();
        let (prefix, plugin) = (beside.join("openclaw"), beside.join("localdemo"));
        let original = sandbox().tools().openclaw_prefix();
        // No links: one more or less of them changes the file that other tests watch.
        copy(&original, &prefix);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = port.local_addr().unwrap().port();
        let ground = Self {
            world,
            prefix,
            port,
        };
        let linked = ground.config()["plugins"]["load"]["paths"][0].clone();
        copy(Path::new(linked.as_str().unwrap()), &plugin);
        ground.change_config(|config| {
            config["plugins"]["load"]["paths"] = json!([plugin]);
            config["gateway"] = json!({ "mode": "local", "port": port });
        });
        let moved = [
            (original, ground.prefix.clone()),
            (linked.as_str().unwrap().into(), plugin),
        ];
        ground.rewrite_index(&moved);
        ground
    }

    fn rewrite_index(&self, moved: &[(PathBuf, PathBuf)]) {
        let database = self.world.home().state().join("state/openclaw.sqlite");
        let index = rusqlite::Connection::open(database).unwrap();
        for (old, new) in moved {
            let rewrite =
                "UPDATE config_machine_state SET value_json = replace(value_json, ?1, ?2)";
            let paths = [old, new].map(|path| path.display().to_string());
            index.execute(rewrite, paths).unwrap();
        }
    }

    fn package(&self) -> PathBuf {
        self.prefix.join("lib/node_modules/openclaw")
    }

    fn config_path(&self) -> PathBuf {
        self.world.home().state().join("openclaw.json")
    }

    fn config(&self) -> Value {
        exuvia_e2e::read_json(&self.config_path())
    }

    fn change_config(&self, change: impl FnOnce(&mut Value)) {
        let mut config = self.config();
        change(&mut config);
        replace(&self.config_path(), &config.to_string());
    }

    /// A command in this world, with this package's `openclaw` first on the `PATH`.
    fn of_world(&self, command: &mut Command) {
        let bin = self.prefix.join("bin");
        let path = sandbox().tools().path();
        let path = std::env::split_paths(&path).filter(|dir| !dir.join("openclaw").exists());
        let path = std::env::join_paths(std::iter::once(bin).chain(path)).unwrap();
        command
            .env("PATH", path)
            .env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    }

    fn start(&self) -> Running {
        let command = self.world.openclaw_command(&[]);
        let mut gateway = Command::new(self.prefix.join("bin/openclaw"));
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                gateway.env(name, value);
            }
        }
        self.of_world(&mut gateway);
        gateway
            .args(["gateway", "run", "--bind", "loopback", "--token", TOKEN])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        Running(gateway.spawn().unwrap())
    }

    fn exuvia(&self, arguments: &[&str]) -> Ran {
        let mut command = self.world.command(arguments);
        self.of_world(&mut command);
        Ran::of(&mut command).bears_it()
    }

    /// What `status` says of a gateway that does not work.
    fn broken(&self) -> Value {
        let status = self.exuvia(&["status", "--json"]).exits(1).json();
        assert_eq!(status["verdict"], "broken", "{status:#}");
        assert_eq!(status["good"], false);
        status
    }

    fn host(&self) -> Arc<dyn Host> {
        let host = TestHost::new()
            .with_env("HOME", self.world.home().path())
            .with_env("PATH", self.prefix.join("bin"))
            .with_env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
        Arc::new(host)
    }
}

/// A gateway; killed with all that it started when it is dropped.
struct Running(Child);

impl Running {
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn stop(mut self) {
        self.signal(Signal::TERM);
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            // It may have ended in between.
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let mut copy = Command::new("cp");
    let copied = copy
        .args(["-a", "--reflink=auto"])
        .args([from, to])
        .output();
    assert!(copied.unwrap().status.success(), "{}", from.display());
}

/// Another file in its place, as an update puts it there.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// What a probe says: its answer and its reason.
fn said(status: &Value, probe: &str) -> (String, String) {
    let probes = status["probes"].as_array().unwrap();
    let one = probes.iter().find(|one| one["name"] == probe).unwrap();
    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
    (text("answer"), text("why"))
}

#[track_caller]
fn fails(status: &Value, probe: &str, words: &str) {
    let (answer, why) = said(status, probe);
    assert!(
        answer == "fail" && why.contains(words),
        "{words:?}: {status:#}"
    );
}

#[tokio::test]
async fn a_real_gateway_is_not_believed() {
    let ground = Arc::new(Ground::new());
    let gateway = ground.start();
    let healthy = ground
        .exuvia(&["status", "--wait", "240", "--json"])
        .exits(0);
    let healthy = healthy.json();
    assert_eq!(healthy["version"]["running"], OPENCLAW);
    assert_eq!(healthy["version"]["installed"], OPENCLAW);
    assert_eq!(healthy["process"]["pid"], gateway.0.id());
    assert!(
        healthy["counts"]["plugins"].as_u64() > Some(3),
        "{healthy:#}"
    );
    suspended(&ground).await;
    another_version_on_disk(&ground);
    no_package(&ground);
    a_plugin_that_throws(&ground);
    a_broken_config(&ground);
    gateway.signal(Signal::STOP);
    while !Processes::new()
        .find(gateway.0.id())
        .is_some_and(|seen| seen.stopped)
    {
        std::thread::yield_now();
    }
    let halted = ground.broken();
    fails(&halted, "process", "stands still");
    fails(&halted, "status", "stands still");
    gateway.signal(Signal::CONT);
    gateway.stop();
    fails(
        &ground.broken(),
        "process",
        "no gateway of this install runs",
    );
    another_program(&ground);
}

async fn suspended(ground: &Arc<Ground>) {
    let host = ground.host();
    let install = locate(host.as_ref(), &LocateOptions::default()).unwrap();
    let target = Target::find(&host, &install).unwrap();
    let client = target.connect_within(SOON).await.unwrap();
    let Suspended::Held(suspension) = client.suspend("lies", SOON).await.unwrap() else {
        panic!("it is busy")
    };
    // On a thread of its own: the lease is renewed meanwhile.
    let asked = Arc::clone(ground);
    let status = tokio::task::spawn_blocking(move || asked.broken())
        .await
        .unwrap();
    fails(&status, "ready", "suspended");
    fails(&status, "status", "the gateway is suspended, for another");
    fails(&status, "sessions", "suspended");
    suspension.resume().await.unwrap();
}

fn another_version_on_disk(ground: &Ground) {
    let manifest = ground.package().join("package.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let version = format!("\"version\": \"{OPENCLAW}\"");
    replace(
        &manifest,
        &text.replace(&version, "\"version\": \"2099.1.1\""),
    );
    let status = ground.broken();
    let words = format!("{OPENCLAW} runs and 2099.1.1 is installed: the old process");
    fails(&status, "version", &words);
    assert_eq!(status["version"]["installed"], "2099.1.1");
    replace(&manifest, &text);
}

fn no_package(ground: &Ground) {
    let away = ground.prefix.join("away");
    fs::rename(ground.package(), &away).unwrap();
    let status = ground.broken();
    assert_eq!(said(&status, "ready").0, "pass", "{status:#}");
    fails(
        &status,
        "status",
        "gone from disk under the running gateway",
    );
    let place = ground.package().display().to_string();
    fails(&status, "plugins", &place);
    let doctor = ground.exuvia(&["doctor"]).exits(1);
    assert!(doctor.stdout.contains("1. "), "{doctor:#?}");
    assert!(
        doctor.stdout.contains("put the package back"),
        "{doctor:#?}"
    );
    fs::rename(away, ground.package()).unwrap();
}

fn a_plugin_that_throws(ground: &Ground) {
    let plugin = ground.config()["plugins"]["load"]["paths"][0].clone();
    let index = Path::new(plugin.as_str().unwrap()).join("index.js");
    let text = fs::read_to_string(&index).unwrap();
    replace(&index, "throw new Error(\"boom at import\");\n");
    let status = ground.broken();
    assert_eq!(said(&status, "ready").0, "pass", "{status:#}");
    fails(&status, "plugins", "localdemo");
    fails(&status, "plugins", "boom at import");
    replace(&index, &text);
}

fn a_broken_config(ground: &Ground) {
    let text = fs::read_to_string(ground.config_path()).unwrap();
    replace(&ground.config_path(), "{ \"gateway\": 5");
    let status = ground.broken();
    assert_eq!(said(&status, "ready").0, "pass", "{status:#}");
    fails(&status, "config", "the configuration is invalid");
    replace(&ground.config_path(), &text);
}

/// Something else on the gateway's port, which answers 200 to everything.
fn another_program(ground: &Ground) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, ground.port)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            // Whoever goes away wants no answer.
            let _ = stream.read(&mut request);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }
    });
    let status = ground.broken();
    fails(
        &status,
        "process",
        "no gateway of this install runs, and its port",
    );
    fails(&status, "ready", "is not an OpenClaw gateway");
    fails(&status, "status", "is not an OpenClaw gateway");
}
