//! The two files in the state directory, and the others.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_e2e::{Built, Running, World, read_json};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::git::Repo;
use exuvia_testkit::install::Skill;
use rustix::process::Signal;
use serde_json::Value;

/// Every file and directory under `dir`, without `dir`.
fn under(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(under(&path));
        }
        found.push(path);
    }
    found
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn what_exuvia_writes_is_for_its_user_only() {
    let built = Built::plain();
    built.check();
    for document in ["inventory.json", "scan-result.json"] {
        assert_eq!(
            mode(&built.install.state.join(document)),
            0o600,
            "{document}"
        );
    }
    for path in under(&built.exuvia_home()) {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

/// What the first Smart Updater writes for each kind of asset: these keys, all of them strings.
fn first_keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "core/npm" => &["name", "type", "source", "currentVersion", "npmPackage"],
        "extension/npm" => &[
            "name",
            "type",
            "source",
            "currentVersion",
            "npmPackage",
            "installedAt",
        ],
        "extension/github" | "extension/local" => {
            &["name", "type", "source", "currentVersion", "installedAt"]
        }
        "skill/clawhub" => &[
            "name",
            "type",
            "source",
            "currentVersion",
            "registryVersion",
            "installedAt",
        ],
        "skill/github" => &[
            "name",
            "type",
            "source",
            "repo",
            "currentCommit",
            "installedAt",
        ],
        "skill/local" => &["name", "type", "source", "installedAt", "lastModified"],
        "builtin/bundled" => &["name", "type", "source", "count", "currentVersion"],
        other => panic!("a kind that nobody knows: {other}"),
    }
}

#[test]
fn scripts_written_for_the_first_smart_updater_read_both_files() {
    let world = World::fork();
    let _ = world.exuvia(&["check"]).exits(0);
    let read = |name: &str| read_json(&world.home().state().join(name));

    let inventory = read("inventory.json");
    assert_eq!(inventory["version"], 1);
    assert!(inventory["scanTime"].is_string());
    let assets = inventory["assets"].as_array().unwrap();
    assert_eq!(inventory["totalAssets"], assets.len());
    for asset in assets {
        let kind = asset["kind"].as_str().unwrap();
        for key in first_keys(kind) {
            assert!(asset[key].is_string(), "{key} of {kind}: {asset:#}");
        }
        let (class, source) = kind.split_once('/').unwrap();
        assert_eq!(
            (asset["type"].as_str(), asset["source"].as_str()),
            (Some(class), Some(source))
        );
    }

    let scan = read("scan-result.json");
    assert_eq!(scan["version"], 1);
    let counted = |list: &str| scan[list].as_array().unwrap().len();
    for (count, list) in [
        ("updatesAvailable", "updates"),
        ("upToDate", "upToDate"),
        ("unreachable", "unreachable"),
        ("skipped", "skipped"),
    ] {
        assert_eq!(scan["summary"][count], counted(list), "{count}");
    }
    assert_eq!(scan["summary"]["total"], assets.len());
    let strings = |list: &str, keys: &[&str]| {
        for item in scan[list].as_array().unwrap() {
            for key in keys {
                assert!(item[key].is_string(), "{key} in {list}: {item:#}");
            }
        }
    };
    strings(
        "updates",
        &["name", "type", "source", "current", "latest", "changeType"],
    );
    strings("upToDate", &["name", "version"]);
    strings("unreachable", &["name", "source", "reason"]);
    strings("skipped", &["name", "reason"]);
    for update in scan["updates"].as_array().unwrap() {
        let size = update["changeType"].as_str().unwrap();
        assert!(
            ["major", "minor", "patch", "unknown"].contains(&size),
            "{size}"
        );
        assert!(update.get("changelogUrl").is_some(), "{update:#}");
        assert_eq!(
            update["npmPackage"].is_string(),
            update["source"] == "npm",
            "{update:#}"
        );
    }
}

/// The documents that an interrupted check may leave: each whole, or not there.
fn documents_are_whole(built: &Built) {
    for name in ["inventory.json", "scan-result.json"] {
        whole_or_absent(&built.install.state.join(name));
    }
    let own = built.exuvia_home().join("installs");
    for path in if own.is_dir() {
        under(&own)
    } else {
        Vec::new()
    } {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            whole_or_absent(&path);
        }
    }
}

fn whole_or_absent(document: &Path) {
    if let Ok(text) = std::fs::read_to_string(document) {
        let read: Result<Value, _> = serde_json::from_str(&text);
        assert!(read.is_ok(), "{} is torn: {text}", document.display());
    }
}

/// Every name in the state directory and in Exuvia's own, but for what a source answered.
fn names(built: &Built) -> Vec<PathBuf> {
    let cache = built.exuvia_home().join("cache");
    let mut names = under(&built.install.state);
    names.extend(
        under(&built.exuvia_home())
            .into_iter()
            .filter(|path| !path.starts_with(&cache)),
    );
    // Each check makes a report of its own; that is no leftover.
    names.retain(|path| !path.parent().unwrap().ends_with("reports"));
    names.sort();
    names
}

#[test]
fn a_kill_at_any_moment_leaves_whole_documents_and_the_next_check_succeeds() {
    const KILLS: u32 = 24;

    let repo = Repo::new();
    repo.commit("feat: a skill", &[("SKILL.md", "---\nname: cloned\n---\n")]);
    let first = repo.head();
    repo.commit(
        "fix: a word",
        &[("SKILL.md", "---\nname: cloned\n---\nA word.\n")],
    );
    let built =
        Built::new(|builder| builder.skill(Skill::clone_of("cloned", &repo.url()).at(&first)));
    // The sources take their time, so that every phase can be caught.
    built
        .hub
        .faults()
        .everywhere(Fault::Latency(Duration::from_millis(20)));
    built.check();
    let expected = names(&built);
    let usual = built.exuvia(&["check"]).exits(0).took;
    for kill in 1..=KILLS {
        if kill % 4 == 0 {
            // A cold start now and then: everything is made, not replaced.
            // What the checks before were killed too early to make is not there.
            let _ = std::fs::remove_dir_all(built.exuvia_home());
            let _ = std::fs::remove_file(built.install.state.join("scan-result.json"));
            assert!(!built.exuvia_home().exists());
        }
        let running = Running::start(&mut built.command(&["check"]));
        // The moment of the kill: evenly spread over the time that a check takes.
        std::thread::sleep(usual * kill / KILLS);
        running.signal(Signal::KILL);
        running.wait();
        documents_are_whole(&built);
        if kill % 6 == 0 {
            built.check();
        }
    }
    built.check();
    assert_eq!(names(&built), expected, "something was left behind");
}

#[test]
fn what_a_killed_check_left_behind_goes_with_the_next() {
    let built = Built::plain();
    built.check();
    let own = built.own_dir();
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(24);
    let leftovers = [
        built
            .install
            .state
            .join(".inventory.json.4194304-0.exuvia-tmp"),
        built
            .install
            .state
            .join(".scan-result.json.4194304-7.exuvia-tmp"),
        own.join(".evidence.json.4194304-3.exuvia-tmp"),
        own.join("reports/.latest.4194304-9.exuvia-tmp"),
        built
            .exuvia_home()
            .join("tmp/database-4194304-0/copy.sqlite"),
    ];
    for leftover in &leftovers {
        std::fs::create_dir_all(leftover.parent().unwrap()).unwrap();
        std::fs::write(leftover, "half a docu").unwrap();
        for path in [leftover, leftover.parent().unwrap()] {
            File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
    }
    let mine = built.install.state.join(".a-file-of-the-user");
    std::fs::write(&mine, "stays").unwrap();
    built.check();
    for leftover in leftovers {
        assert!(!leftover.exists(), "{}", leftover.display());
    }
    assert!(mine.exists());
}

#[test]
fn ctrl_c_ends_a_check_at_once_with_130_and_no_half_written_file() {
    let built = Built::plain();
    built.hub.faults().everywhere(Fault::Hang);
    let running = Running::start(&mut built.command(&["check", "--json"]));
    built
        .hub
        .requests()
        .wait_until(Duration::from_mins(1), |seen| !seen.is_empty());
    running.signal(Signal::INT);
    let ran = running.wait().exits(130);
    assert!(ran.took < Duration::from_secs(30), "{ran:#?}");
    assert!(ran.stderr.contains("interrupted"), "{ran:#?}");
    documents_are_whole(&built);
    built.hub.faults().clear();
    built.check();
}
