//! Upgrades and rollbacks of the miniature where pnpm or bun installed it: a real pnpm, a real bun.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::PathBuf;

use exuvia_e2e::{Offer, Ran, Stricken, Watch, managers, strike, wanted_kills};
use exuvia_testkit::mini::{Manager, Mini, World};
use exuvia_testkit::npm::{Package, Release};
use exuvia_testkit::tree::Snapshot;
use serde_json::json;

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";
/// Another global package, with a command of its own.
const OTHER: &str = "bystander";

/// A world in which a package manager installed OpenClaw and another package, and a gateway is kept.
struct Ground {
    offer: Offer,
}

impl Ground {
    fn of(manager: Manager) -> Self {
        let world = World::by(manager, Mini::release(OLD));
        let release = |version: &str| {
            Release::new(version)
                .with("bin", json!({ OTHER: "run.sh" }))
                .file("run.sh", format!("#!/bin/sh\necho {version}\n"))
        };
        let package = Package::new(OTHER).release(release("1.0.0"));
        world.npm.publish(package.release(release("2.0.0")));
        let added = world.add(&format!("{OTHER}@1.0.0"));
        assert!(added.status.success(), "{added:?}");
        let offer = Offer::to(world, Mini::release(NEW));
        Self { offer }
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        self.offer.exuvia(words)
    }

    fn upgrade(&mut self) -> Ran {
        self.offer.check();
        self.offer.upgrade()
    }

    /// The gateway, the command on the `PATH` and the files are all of this version.
    fn runs(&self, version: &str) {
        assert_eq!(self.offer.versions(), [version; 2]);
        self.answers(version);
    }

    /// The command is of this version.
    fn answers(&self, version: &str) {
        let said = Ran::of(&mut self.offer.world.openclaw(&["--version"])).exits(0);
        assert!(said.stdout.contains(version), "{said:#?}");
    }

    /// What the package manager says.
    fn asks(&self, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let output = self.offer.world.ask_manager(&words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn pnpm() -> Manager {
    Manager::Pnpm(managers().bin("pnpm"))
}

fn bun() -> Manager {
    Manager::Bun(managers().bin("bun"))
}

#[test]
fn what_pnpm_installed_is_upgraded_and_undone_and_pnpm_goes_on() {
    let mut ground = Ground::of(pnpm());
    let before = ground.offer.belongings();
    let launcher = ground.offer.world.install.home.join("pnpm/bin/openclaw");
    let as_made = std::fs::read_to_string(&launcher).unwrap();
    let bystander = ground.offer.world.install.home.join("pnpm/bin/bystander");
    let other = std::fs::read(&bystander).unwrap();

    let _ = ground.upgrade().exits(0);
    ground.runs(NEW);
    let listed = ground.asks(&["list", "--global"]);
    assert!(listed.contains("openclaw@2026.9.6"), "{listed}");
    let renewed = std::fs::read_to_string(&launcher).unwrap();
    assert!(!renewed.contains(&format!("openclaw/{OLD}/")), "{renewed}");
    let _ = ground.asks(&["store", "prune"]);

    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    ground.runs(OLD);
    assert_eq!(ground.offer.belongings(), before);
    assert_eq!(std::fs::read_to_string(&launcher).unwrap(), as_made);
    assert_eq!(std::fs::read(&bystander).unwrap(), other);
    let listed = ground.asks(&["list", "--global"]);
    assert!(listed.contains("openclaw@2026.9.5"), "{listed}");

    let _ = ground.upgrade().exits(0);
    let _ = ground.asks(&["add", "--global", "bystander@2.0.0"]);
    ground.runs(NEW);
    let _ = ground.asks(&["add", "--global", "openclaw@2026.9.6"]);
    ground.answers(NEW);
    let _ = ground.asks(&["remove", "--global", "openclaw"]);
    assert!(!launcher.exists(), "pnpm has forgotten a command");
}

#[test]
fn what_bun_installed_is_upgraded_and_undone_and_bun_goes_on() {
    let mut ground = Ground::of(bun());
    let before = ground.offer.belongings();
    let global = ground.offer.world.install.home.join(".bun/install/global");
    let whole = Snapshot::of(&global);

    let _ = ground.upgrade().exits(0);
    ground.runs(NEW);
    let listed = ground.asks(&["pm", "ls", "--global"]);
    assert!(listed.contains("openclaw@2026.9.6"), "{listed}");
    assert!(listed.contains("bystander@1.0.0"), "{listed}");

    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    ground.runs(OLD);
    assert_eq!(ground.offer.belongings(), before);
    assert_eq!(whole.changed(&Snapshot::of(&global)), Vec::<PathBuf>::new());

    let _ = ground.upgrade().exits(0);
    let _ = ground.asks(&["add", "--global", "bystander@2.0.0"]);
    ground.runs(NEW);
    let refused = ground.exuvia(&["rollback", "--json"]).exits(3);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("bystander is 2.0.0"), "{said}");
    ground.runs(NEW);
    let _ = ground.asks(&["add", "--global", "bystander@1.0.0"]);
    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    ground.runs(OLD);
    let _ = ground.asks(&["update", "--global", "openclaw"]);
    let _ = ground.asks(&["remove", "--global", "openclaw"]);
    assert!(!ground.offer.world.install.package.exists());
    let bystander = ground.offer.world.install.home.join(".bun/bin/bystander");
    assert!(bystander.exists(), "bun has taken another command away");
}

#[test]
fn without_the_manager_that_installed_it_nothing_is_begun() {
    for manager in [pnpm(), bun()] {
        let name = manager.program();
        let ground = Ground::of(manager);
        let mut command = ground.offer.upgrade_command("0");
        let path = ground
            .offer
            .world
            .env()
            .into_iter()
            .find(|(name, _)| name == "PATH");
        let path = path.unwrap().1;
        let dirs = std::env::split_paths(&path).filter(|dir| !dir.join(name).exists());
        command.env("PATH", std::env::join_paths(dirs).unwrap());
        let refused = Ran::of(&mut command).bears_it().exits(3);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains(&format!("no {name} was found")), "{said}");
        ground.runs(OLD);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_working_install_of_pnpm() {
    killed(pnpm());
}

#[test]
fn a_kill_at_any_moment_leaves_a_working_install_of_bun() {
    killed(bun());
}

fn killed(manager: Manager) {
    let ground = Ground::of(manager);
    let watch = Watch::begin(ground.offer.world.install.package.clone());
    let mut stricken = Stricken::of("manager", ground.offer);
    strike(&mut stricken, wanted_kills(5));
    println!("looked {} times", watch.saw_it_always());
}
