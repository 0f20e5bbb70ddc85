//! Upgrades by an ordinary user, with namespaces of their own.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use exuvia_e2e::{Ran, belongings, binary, managers, until, upgrade_words};
use exuvia_testkit::mini::{Gateway, Manager, Mini, World};

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";
/// Nobody has one of these; each test has its own.
const USERS: [&str; 3] = ["61234", "61235", "61236"];

/// The home of a user who is not root, and what that user runs Exuvia as.
struct Ground {
    world: World,
    exuvia: PathBuf,
    user: &'static str,
    dir: tempfile::TempDir,
}

impl Ground {
    fn of(user: &'static str) -> Self {
        Self::by(Manager::Npm, user)
    }

    fn by(manager: Manager, user: &'static str) -> Self {
        let world = World::by(manager, Mini::release(OLD));
        world.publish(Mini::release(NEW));
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("exuvia");
        std::fs::copy(binary(), &program).unwrap();
        let exuvia = dir.path().join("as-user");
        let script = format!(
            "#!/bin/sh\nexec setpriv --reuid={user} --regid={user} --clear-groups --inh-caps=-all \
             '{}' \"$@\"\n",
            program.display()
        );
        std::fs::write(&exuvia, script).unwrap();
        for path in [dir.path(), exuvia.as_path()] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self {
            world,
            exuvia,
            user,
            dir,
        }
    }

    fn belongs_to_the_user(&self, path: &Path) {
        let mut chown = Command::new("chown");
        chown.arg("-R").arg(format!("{0}:{0}", self.user)).arg(path);
        let done = chown.status().unwrap();
        assert!(done.success(), "giving a home to a user takes root");
    }

    fn keep(&self) -> Gateway {
        let mut kept = self.world.keep(&self.exuvia);
        kept.wait_until_ready();
        kept
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.world.exuvia_command(&self.exuvia, words)).bears_it()
    }

    fn upgrade(&self) -> Ran {
        let report = self.exuvia(&["check", "--json"]).exits(0).json();
        let words = upgrade_words(&report, "0");
        self.exuvia(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn runs(&self, version: &str) {
        let status = self.exuvia(&["status", "--wait", "60", "--json"]);
        let status = status.exits(0).json();
        assert_eq!(status["version"]["running"], version, "{status:#}");
        assert_eq!(status["version"]["installed"], version, "{status:#}");
    }

    /// Its gateway would outlive a keeper that is not ended in order.
    fn stop(&self) {
        let _ = self.exuvia(&["gateway", "stop", "--json"]).exits(0);
        until("nobody of that user is left", || {
            let listed = Command::new("ps")
                .args(["-u", self.user, "-o", "args="])
                .output();
            let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
            let ours = self.dir.path().display().to_string();
            let left = listed.lines().filter(|line| !line.contains(&ours));
            (left.count() == 0).then_some(())
        });
    }
}

#[test]
fn an_ordinary_user_upgrades_and_goes_back() {
    let ground = Ground::of(USERS[0]);
    let before = belongings(&ground.world);
    let root = ground.world.install.home.parent().unwrap().to_owned();
    ground.belongs_to_the_user(&root);
    let _kept = ground.keep();
    let upgraded = ground.upgrade();
    assert!(upgraded.stderr.contains("Gate 2"), "{upgraded:#?}");
    let _ = upgraded.exits(0);
    ground.runs(NEW);
    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    ground.runs(OLD);
    ground.stop();
    assert_eq!(belongings(&ground.world), before);
}

#[test]
fn a_prefix_that_is_somebody_elses_is_refused_with_what_to_run() {
    let ground = Ground::of(USERS[1]);
    let root = ground.world.install.home.parent().unwrap().to_owned();
    ground.belongs_to_the_user(&root);
    let packages = ground.world.install.package.parent().unwrap().to_owned();
    let done = Command::new("chown").arg("0:0").arg(&packages).status();
    assert!(done.unwrap().success());
    let _kept = ground.keep();
    let refused = ground.upgrade().exits(3);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("npm config set prefix"), "{refused:#?}");
    assert!(!packages.join(".exuvia").exists());
    ground.runs(OLD);
    ground.stop();
}

#[test]
fn a_global_directory_of_pnpms_that_is_somebody_elses_is_refused_with_what_to_run() {
    let ground = Ground::by(Manager::Pnpm(managers().bin("pnpm")), USERS[2]);
    let root = ground.world.install.home.parent().unwrap().to_owned();
    ground.belongs_to_the_user(&root);
    let global = ground.world.install.home.join("pnpm/global");
    let done = Command::new("chown").arg("0:0").arg(&global).status();
    assert!(done.unwrap().success());
    let _kept = ground.keep();
    let refused = ground.upgrade().exits(3);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(
        said.contains("`pnpm add -g openclaw` as this user"),
        "{refused:#?}"
    );
    assert!(!global.join(".exuvia").exists());
    ground.runs(OLD);
    ground.stop();
}
