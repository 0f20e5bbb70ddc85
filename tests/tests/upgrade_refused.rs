//! Upgrades that nobody may have, by each way to ask for one.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use exuvia_e2e::{Ran, binary, entry, failpoints, own_dir, until};
use exuvia_testkit::mini::{Flaw, Gateway, Mini, World};
use serde_json::Value;

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";

fn exuvia(world: &World, words: &[&str]) -> Ran {
    Ran::of(&mut world.exuvia_command(&binary(), words)).bears_it()
}

fn kept(world: &World) -> Gateway {
    world.publish(Mini::release(NEW));
    let mut kept = world.keep(&binary());
    kept.wait_until_ready();
    kept
}

/// The report, and the words of an upgrade by it.
fn checked(world: &World) -> (Value, Vec<String>) {
    let report = exuvia(world, &["check", "--json"]).exits(0).json();
    let number = entry(&report, "openclaw")["number"].to_string();
    let id = report["reportId"].as_str().unwrap();
    let words = ["upgrade", &number, "--report", id];
    let rest = ["--confirm", "openclaw", "--soak", "0"];
    let words = words.into_iter().chain(rest).map(str::to_owned).collect();
    (report, words)
}

/// Refused by each way, with these words; nothing is there that was not, and the same gateway runs.
fn is_refused(world: &World, words: &[String], why: &str) {
    let status = || exuvia(world, &["status", "--json"]).json();
    let before = (status()["process"]["pid"].clone(), world.schemas());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for json in [&[][..], &["--json"]] {
        let refused = exuvia(world, &[&words[..], json].concat()).exits(3);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains(why), "{why:?}: {refused:#?}");
    }
    let asked = [&["update", "run"], &words[1..]].concat();
    let refused = exuvia(world, &asked).exits(3);
    assert!(refused.stderr.contains(why), "{why:?}: {refused:#?}");
    // Without a selection it installs nothing, whatever is wanted.
    let refused = exuvia(world, &["update", "run", "--target", NEW]).exits(3);
    assert!(refused.stderr.contains("is in place"), "{refused:#?}");
    let now = status();
    assert_eq!((now["process"]["pid"].clone(), world.schemas()), before);
    assert_eq!(now["version"]["installed"], OLD);
    assert!(!world.install.package.with_file_name(".exuvia").exists());
}

#[test]
fn a_report_that_is_too_old_upgrades_nothing() {
    let world = World::new();
    let _kept = kept(&world);
    let (report, words) = checked(&world);
    let id = report["reportId"].as_str().unwrap();
    let file = own_dir(&world.exuvia_home()).join(format!("reports/{id}.json"));
    let text = std::fs::read_to_string(&file).unwrap();
    let expires = report["expiresAt"].as_str().unwrap();
    let past = "2026-09-01T00:00:00Z";
    assert!(text.contains(expires), "{text}");
    std::fs::write(&file, text.replace(expires, past)).unwrap();
    is_refused(&world, &words, "expired");
}

#[test]
fn a_report_that_is_not_there_upgrades_nothing() {
    let world = World::new();
    let _kept = kept(&world);
    let (_, mut words) = checked(&world);
    "rep_0123456789abcdef".clone_into(&mut words[3]);
    is_refused(&world, &words, "rep_0123456789abcdef");
}

#[test]
fn bytes_that_changed_since_the_report_are_not_installed() {
    let world = World::new();
    let _kept = kept(&world);
    let (_, words) = checked(&world);
    world.publish(Mini::release(NEW).broken(Flaw::GatewayRunBroken));
    is_refused(&world, &words, "other bytes");
}

/// A launcher of Node whose gateway has a child that waits to be asked, as an agent's tool is one.
fn with_a_child(world: &World, script: &Path) {
    let node = world.install.prefix.join("bin/node");
    let launcher = std::fs::read_to_string(&node).unwrap();
    let dir = script.parent().unwrap().display();
    let child = format!(
        "#!/bin/sh\ncase \"$*\" in *'gateway run'*)\n\
         (until test -e {dir}/asked; do sleep 0.1; done; exec sh {}) </dev/null >/dev/null 2>&1 &\n\
         ;; esac",
        script.display()
    );
    std::fs::write(&node, launcher.replacen("#!/bin/sh", &child, 1)).unwrap();
}

/// Has that child run `exuvia` with these words: the exit code, and all that was said.
fn asked_inside(script: &Path, words: &[&str]) -> (String, String) {
    let dir = script.parent().unwrap();
    let place = dir.display();
    let text = format!(
        "{} {} >{place}/said 2>&1\necho $? >{place}/code.new\nmv {place}/code.new {place}/code\n",
        binary().display(),
        words.join(" ")
    );
    std::fs::write(script, text).unwrap();
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(dir.join("asked"), "").unwrap();
    let code = until("it was asked", || {
        std::fs::read_to_string(dir.join("code")).ok()
    });
    let said = std::fs::read_to_string(dir.join("said")).unwrap();
    (code.trim().to_owned(), said)
}

#[test]
fn an_upgrade_asked_for_from_inside_of_the_gateway_is_refused_with_words() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("ask.sh");
    with_a_child(&world, &script);
    let _kept = kept(&world);
    let (_, words) = checked(&world);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (code, said) = asked_inside(&script, &words);
    assert_eq!(code, "3", "{said}");
    assert!(said.contains("from inside of the gateway"), "{said}");
    assert!(said.contains("`exuvia update run`"), "{said}");
    let status = exuvia(&world, &["status", "--json"]).json();
    assert_eq!(status["version"]["running"], OLD);
    assert_eq!(status["verdict"], "healthy", "{status:#}");
}

#[test]
fn what_was_cut_short_is_not_carried_on_from_inside_of_the_gateway_and_is_from_outside() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let (script, point) = (dir.path().join("ask.sh"), dir.path().join("failpoint"));
    with_a_child(&world, &script);
    let _kept = kept(&world);
    let (_, words) = checked(&world);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let kills = "#!/bin/sh\ncase \"$*\" in 'after stage') kill -9 $PPID;; esac\n";
    std::fs::write(&point, kills).unwrap();
    std::fs::set_permissions(&point, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut upgrade = world.exuvia_command(&failpoints(), &words);
    let killed = Ran::of(upgrade.env("EXUVIA_FAILPOINT", &point));
    assert_eq!(killed.code, None, "{killed:#?}");
    let (code, said) = asked_inside(&script, &["resume"]);
    assert_eq!(code, "3", "{said}");
    assert!(said.contains("from inside of the gateway"), "{said}");
    let beside = world.install.package.with_file_name(".exuvia");
    assert!(beside.exists(), "it was carried on");
    let _ = exuvia(&world, &["resume"]).exits(1);
    let left: Vec<_> = std::fs::read_dir(&beside).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    let status = exuvia(&world, &["status", "--json"]).json();
    assert_eq!(status["version"]["running"], OLD);
    assert_eq!(status["verdict"], "healthy", "{status:#}");
    let again = exuvia(&world, &["resume"]).exits(0);
    assert!(again.stdout.contains("was cut short"), "{again:#?}");
}
