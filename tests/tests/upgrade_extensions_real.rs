//! What the real OpenClaw makes of a plugin that Exuvia upgraded.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::process::Command;
use std::time::Duration;

use exuvia_e2e::{Kept, Ran, Running, World, entry, vitals_by};
use exuvia_testkit::npm::{Package, Registry, Release};
use serde_json::{Value, json};

const ID: &str = "lantern";
const PACKAGE: &str = "@acme/lantern";
const SESSION: &str = "agent:main:main";
/// An upgrade took four minutes on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(20);

fn release(version: &str) -> Release {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let manifest =
        json!({ "id": ID, "name": ID, "description": "Lights up", "configSchema": schema });
    let module =
        format!("// {version}\nexport default {{ id: {ID:?}, name: {ID:?}, register() {{}} }};\n");
    Release::new(version)
        .with("type", json!("module"))
        .with("openclaw", json!({ "extensions": ["./index.js"] }))
        .with("peerDependencies", json!({ "openclaw": "*" }))
        .file("openclaw.plugin.json", manifest.to_string())
        .file("index.js", module)
}

/// A kept gateway with a plugin that OpenClaw itself installed, of which there is a newer version.
struct Ground {
    kept: Kept,
    registry: Registry,
}

impl Ground {
    fn new() -> Self {
        let (world, registry) = (World::fork(), Registry::start());
        registry.publish(Package::new(PACKAGE).release(release("1.0.0")));
        let words = [
            "plugins",
            "install",
            "--force",
            "--accept-capabilities",
            PACKAGE,
        ];
        let mut install = world.openclaw_command(&words);
        let install = install.env("npm_config_registry", registry.url());
        let _ = Ran::of(install).exits(0);
        let package = Package::new(PACKAGE).release(release("1.0.0"));
        registry.publish(package.release(release("1.1.0")));
        Self {
            kept: Kept::start_in(world),
            registry,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.kept.command(words);
        command.env("npm_config_registry", self.registry.url());
        command
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Running::start(&mut self.command(words)).wait_within(PATIENCE)
    }

    /// What OpenClaw's own command says of the plugin, and of its index.
    fn told(&self) -> (Value, Value) {
        let listed = self
            .kept
            .openclaw(&["plugins", "list", "--json"])
            .exits(0)
            .json();
        let mut plugins = listed["plugins"].as_array().unwrap().iter();
        let plugin = plugins.find(|plugin| plugin["id"] == ID).unwrap();
        let index = self
            .kept
            .openclaw(&["plugins", "registry", "--json"])
            .exits(0)
            .json();
        (plugin["version"].clone(), index["state"].clone())
    }

    /// What the gateway says that it has.
    fn has(&self) -> Value {
        let listed = self.kept.call("plugins.list", &json!({}));
        let mut plugins = listed["plugins"].as_array().unwrap().iter();
        plugins.find(|plugin| plugin["id"] == ID).unwrap()["version"].clone()
    }

    fn takes_a_turn(&self, said: &str) {
        let taken = self.kept.client().turn(SESSION, said);
        taken.unwrap_or_else(|error| panic!("{said}: {error:#}"));
    }

    /// It is this version for everybody, and an agent answers with it.
    fn is_at(&self, version: &str) {
        assert_eq!(self.has(), version);
        assert_eq!(self.told(), (version.into(), "fresh".into()));
        self.takes_a_turn(&format!("hello to {version}"));
    }
}

#[test]
fn openclaw_itself_finds_an_upgraded_plugin_whole_and_again_the_one_before() {
    let ground = Ground::new();
    ground.takes_a_turn("first");
    let before = vitals_by(&ground.kept, ground.kept.client());
    let report = ground.exuvia(&["check", "--json"]).exits(0).json();
    let found = entry(&report, ID);
    assert_eq!(found["update"]["latest"], "1.1.0", "{found:#}");
    let report = report["reportId"].as_str().unwrap();
    let words = [
        "upgrade",
        "extension:lantern",
        "--report",
        report,
        "--confirm",
        ID,
    ];
    let done = ground.exuvia(&[&words[..], &["--soak", "0", "--json"]].concat());
    println!("upgrade: {:.0?}\n{}", done.took, done.stderr);
    let _ = done.exits(0);
    ground.is_at("1.1.0");

    let back = ground.exuvia(&["rollback", "--json"]);
    println!("rollback: {:.0?}\n{}", back.took, back.stderr);
    let _ = back.exits(0);
    ground.is_at("1.0.0");
    let after = vitals_by(&ground.kept, ground.kept.client());
    for part in ["agents", "cron", "skills"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    // OpenClaw's own update still knows what it is about.
    let update = ["plugins", "update", ID, "--accept-capabilities"];
    let mut update = ground.kept.openclaw_command(&update);
    let update = update.env("npm_config_registry", ground.registry.url());
    let updated = Ran::of(update).exits(0);
    println!("{}{}", updated.stdout, updated.stderr);
}
