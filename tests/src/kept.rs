//! A real gateway that `exuvia gateway run` keeps.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and reading it does not panic"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Deref;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use exuvia_testkit::model::Provider;
use exuvia_testkit::sandbox::{Client, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{World, found, read_json};

/// For what takes a gateway seconds; three minutes were seen on a machine with twelve other things to
/// do at once.
const PATIENCE: Duration = Duration::from_mins(10);
const GLANCE: Duration = Duration::from_millis(50);

/// A world whose gateway a keeper keeps, and whose agents think with a stand-in; both end with it.
#[derive(Debug)]
pub struct Kept {
    /// What its agents think with.
    pub provider: Provider,
    world: World,
    keeper: Child,
    port: u16,
}

impl Kept {
    /// Starts the keeper on a fork of the sandbox's home, and returns once the gateway has started.
    pub fn start(sandbox: &Sandbox) -> Self {
        Self::start_in(World::fork_on(sandbox))
    }

    /// Starts the keeper in this world, and returns once the gateway has started.
    pub fn start_in(world: World) -> Self {
        let provider = Provider::start();
        let model = world.home().use_model(&provider);
        model.unwrap_or_else(|error| panic!("no model: {error:#}"));
        let port = configure(&world);
        let mut run = world.command(&["gateway", "run", "--quiet"]);
        let keeper = run
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let keeper = keeper.unwrap_or_else(|error| panic!("no keeper: {error}"));
        let kept = Self {
            provider,
            world,
            keeper,
            port,
        };
        // The keeper listens before its gateway does.
        until("the gateway has started", || {
            let started = kept.exuvia(&["gateway", "start", "--json"]);
            (started.code == Some(0)).then_some(())
        });
        kept
    }

    /// A connection to the gateway that runs now.
    pub fn client(&self) -> Client {
        Client::at(self.port).unwrap_or_else(|error| panic!("no connection: {error:#}"))
    }

    /// Calls a method of the gateway.
    pub fn call(&self, method: &str, params: &Value) -> Value {
        let called = self.client().call(method, params);
        called.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The pid of the gateway, as it says itself.
    pub fn pid(&self) -> Value {
        let mut told = self.call("system.info", &json!({}));
        told["pid"].take()
    }

    /// How often the transcript of a session has these words.
    pub fn told(&self, session: &str, words: &str) -> usize {
        let asked = json!({ "sessionKey": session, "limit": 200 });
        let history = self.call("chat.history", &asked).to_string();
        history.matches(words).count()
    }

    /// Whether the keeper is still there.
    pub fn is_kept(&mut self) -> bool {
        matches!(self.keeper.try_wait(), Ok(None))
    }
}

impl Deref for Kept {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The gateway goes with its keeper's orderly end. One that ended before ends nothing.
        let _ = kill_process(Pid::from_child(&self.keeper), Signal::TERM);
        let _ = self.keeper.wait();
        // Where it was killed, another one may have taken its place.
        found::end_all(self.world.home().path());
    }
}

/// The gateway in the config: a port that nobody uses, and the token that every client knows.
fn configure(world: &World) -> u16 {
    let file = world.home().state().join("openclaw.json");
    let mut config = read_json(&file);
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|error| panic!("no port: {error}"))
        .port();
    let auth = json!({ "mode": "token", "token": "sandbox" });
    config["gateway"] = json!({
        "mode": "local", "bind": "loopback", "port": port, "auth": auth,
    });
    let written = std::fs::write(&file, config.to_string());
    written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    port
}

/// Looks until there is something, and panics with what was waited for when it takes too long.
pub fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(GLANCE);
    }
}
