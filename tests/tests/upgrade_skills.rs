//! Upgrades of skills and their undoing: real files, real records, a registry that is told what to
//! serve.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use exuvia_e2e::{Built, Dice, Ran, binary, entry, listed, read_json};
use exuvia_testkit::clawhub::{self, Release};
use exuvia_testkit::git::Repo;
use exuvia_testkit::install::{Place, Skill};
use exuvia_testkit::mini::World;
use exuvia_testkit::tree::Snapshot;
use serde_json::Value;

const GUIDE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const NEW_GUIDE: &str = "one\ntwo\nthree\nfour\nfive\nSIX\nseven\n";

/// A version of the skill that all of this is about.
fn version(number: &str) -> Release {
    let release = Release::new(number).skill_md("subject", "A skill from ClawHub");
    release.changelog("### Fixed\n\n- It.")
}

fn first() -> Release {
    version("1.0.0").file("guide.md", GUIDE).file("old.md", "x")
}

/// Without `old.md`, and with another line in the guide.
fn second() -> Release {
    version("1.0.1").file("guide.md", NEW_GUIDE)
}

fn installed() -> Skill {
    let skill = Skill::clawhub("acme", "subject", "1.0.0");
    skill.file("guide.md", GUIDE).file("old.md", "x")
}

/// A report that offers the second version of a skill that is installed in its first.
struct Ground {
    built: Built,
    report: Value,
}

impl Ground {
    fn new() -> Self {
        Self::of(installed(), second())
    }

    fn of(skill: Skill, offered: Release) -> Self {
        Self::with(&[skill], offered)
    }

    fn with(skills: &[Skill], offered: Release) -> Self {
        let built = Built::new(|builder| {
            skills
                .iter()
                .cloned()
                .fold(builder, exuvia_testkit::install::Builder::skill)
        });
        let skill = clawhub::Skill::new("acme", "subject");
        built.hub.publish(skill.version(first()).version(offered));
        let report = built.check();
        Self { built, report }
    }

    fn live(&self) -> PathBuf {
        self.built.install.workspace.join("skills/subject")
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.live().join(path)).unwrap()
    }

    fn upgrade(&self, more: &[&str]) -> Ran {
        let number = entry(&self.report, "subject")["number"].to_string();
        let report = self.report["reportId"].as_str().unwrap();
        let words = ["upgrade", &number, "--report", report, "--json"];
        self.exuvia(&[&words[..], more].concat())
    }

    fn exuvia(&self, arguments: &[&str]) -> Ran {
        self.built.exuvia(arguments).bears_it()
    }

    /// What the inventory of a new check says of it.
    fn asset(&self) -> Value {
        self.built.check();
        let inventory = self.built.document("inventory.json");
        let mut assets = inventory["assets"].as_array().unwrap().iter();
        let found = assets.find(|asset| asset["id"] == "skill:workspace/subject");
        found.unwrap().clone()
    }

    /// What its two records say that it is.
    fn recorded(&self) -> (Value, Value) {
        let origin = read_json(&self.live().join(".clawhub/origin.json"));
        let lock = read_json(&self.built.install.workspace.join(".clawhub/lock.json"));
        let locked = lock["skills"]["subject"]["version"].clone();
        (origin["installedVersion"].clone(), locked)
    }

    /// The directories in which other versions of it are kept.
    fn kept(&self) -> Vec<PathBuf> {
        kept(&self.built.install.state)
    }

    /// Upgrades, and fails unless that is refused with these words and nothing is changed.
    fn is_refused(&self, more: &[&str], code: i32, words: &str) {
        let before = Snapshot::of(&self.built.install.state);
        let ran = self.upgrade(more);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(words), "{words:?} is not told: {ran:#?}");
        let _ = ran.exits(code);
        let changed = before.changed(&Snapshot::of(&self.built.install.state));
        let empty = Path::new("skill-backups");
        let changed: Vec<_> = changed
            .iter()
            .filter(|path| !path.starts_with(empty))
            .collect();
        assert_eq!(changed, [] as [&PathBuf; 0]);
        assert_eq!(self.kept(), [] as [PathBuf; 0]);
    }
}

fn kept(state: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(state.join("skill-backups/subject"));
    let listed = listed.into_iter().flatten().flatten();
    let mut kept: Vec<PathBuf> = listed.map(|entry| entry.path()).collect();
    kept.sort();
    kept
}

fn both(version: &str) -> (Value, Value) {
    (version.into(), version.into())
}

#[test]
fn a_skill_is_upgraded_and_undone_and_the_undoing_too() {
    let ground = Ground::new();
    let before = Snapshot::of(&ground.live());
    let done = ground.upgrade(&[]).exits(0).json();
    assert_eq!(ground.read("guide.md"), NEW_GUIDE);
    assert!(!ground.live().join("old.md").exists(), "rightly dropped");
    assert_eq!(ground.recorded(), both("1.0.1"));
    let asset = ground.asset();
    assert_eq!(asset["currentVersion"], "1.0.1", "{asset:#}");
    assert_eq!(asset["localChanges"]["state"], "none", "{asset:#}");
    assert_eq!(asset["problems"], serde_json::json!([]), "{asset:#}");
    let kept = ground.kept();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let name = kept[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("1.0.0-"), "{name}");
    assert_eq!(before.changed(&Snapshot::of(&kept[0])), [] as [PathBuf; 0]);

    let back = ground
        .exuvia(&["rollback", "--last", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        before.changed(&Snapshot::of(&ground.live())),
        [] as [PathBuf; 0]
    );
    assert_eq!(ground.recorded(), both("1.0.0"));
    assert_eq!(ground.asset()["localChanges"]["state"], "none");
    let run = done["run"].as_str().unwrap();
    let _ = ground.exuvia(&["rollback", run]).exits(3);

    let run = back["run"].as_str().unwrap();
    let _ = ground.exuvia(&["rollback", run, "--json"]).exits(0);
    assert_eq!(ground.recorded(), both("1.0.1"));
    assert_eq!(ground.read("guide.md"), NEW_GUIDE);
    assert_eq!(ground.kept().len(), 1);
}

#[test]
fn what_the_clawhub_command_installed_is_upgraded_too() {
    let skill = Skill::clawhub_cli("acme", "subject", "1.0.0");
    let skill = skill.file("guide.md", GUIDE).file("old.md", "x");
    let ground = Ground::of(skill, second());
    let _ = ground.upgrade(&[]).exits(0);
    let live = ground.built.install.workspace.join("skills/@acme/subject");
    let origin = read_json(&live.join(".clawhub/origin.json"));
    assert_eq!(origin["installedVersion"], "1.0.1", "{origin:#}");
    let lock = read_json(&ground.built.install.workspace.join(".clawhub/lock.json"));
    assert_eq!(
        lock["skills"]["@acme/subject"]["version"], "1.0.1",
        "{lock:#}"
    );
    let report = ground.built.check();
    assert_eq!(listed(&report, "upToDate", "subject")["version"], "1.0.1");
    let inventory = ground.built.document("inventory.json");
    let mut assets = inventory["assets"].as_array().unwrap().iter();
    let asset = assets.find(|asset| asset["name"] == "subject").unwrap();
    assert_eq!(asset["localChanges"]["state"], "none", "{asset:#}");
}

#[test]
fn edits_of_the_users_own_are_carried_over_and_still_told_as_such() {
    let mine = GUIDE.replace("two", "TWO");
    let skill = installed()
        .edited("guide.md", mine)
        .edited("notes/my.md", "mine");
    let ground = Ground::of(skill, second());
    let done = ground.upgrade(&[]).exits(0).json();
    let kept = done["editsKept"].as_array().unwrap();
    assert_eq!(kept, &["guide.md", "notes/my.md"], "{done:#}");
    assert_eq!(ground.read("guide.md"), NEW_GUIDE.replace("two", "TWO"));
    assert_eq!(ground.read("notes/my.md"), "mine");
    assert!(!ground.live().join("old.md").exists());
    let asset = ground.asset();
    let files = asset["localChanges"]["files"].as_array().unwrap();
    let files: Vec<_> = files.iter().map(|file| &file["path"]).collect();
    assert_eq!(files, ["guide.md", "notes/my.md"], "{asset:#}");
    assert_eq!(asset["currentVersion"], "1.0.1");
}

#[test]
fn edits_that_do_not_go_together_with_the_new_version_block_it_and_are_named() {
    let mine = GUIDE.replace("six", "my six");
    let ground = Ground::of(installed().edited("guide.md", mine), second());
    ground.is_refused(&[], 3, "guide.md was edited here and in the new version");
    let ground = Ground::of(installed().edited("old.md", "mine"), second());
    ground.is_refused(
        &[],
        3,
        "old.md was edited here and is gone in the new version",
    );
}

#[test]
fn an_edited_file_that_is_no_text_blocks_where_both_changed_it() {
    let skill = installed().file("logo.png", b"\x89PNG\0one".to_vec());
    let ground = Ground::of(
        skill.edited("logo.png", b"\x89PNG\0mine".to_vec()),
        second().file("logo.png", b"\x89PNG\0two".to_vec()),
    );
    let release = first().file("logo.png", b"\x89PNG\0one".to_vec());
    ground
        .built
        .hub
        .change("acme", "subject", |skill| skill.replaced(&release));
    ground.is_refused(&["--confirm", "subject"], 3, "logo.png was edited here");
}

#[test]
fn where_the_version_that_edits_started_from_is_gone_nothing_is_guessed() {
    let ground = Ground::of(installed().edited("guide.md", "mine"), second());
    let skill = clawhub::Skill::new("acme", "subject").version(second());
    ground.built.hub.publish(skill);
    ground.is_refused(&[], 3, "started from cannot be had");
}

#[test]
fn a_second_skill_of_the_same_name_blocks_it() {
    let rival = || Skill::local("rival", "subject").place(Place::Managed);
    let ground = Ground::with(&[installed(), rival()], second());
    ground.is_refused(&[], 3, "is blocked");
    // The same, where the other one came after the report.
    let ground = Ground::new();
    let rival = ground.built.install.state.join("skills/rival");
    std::fs::create_dir_all(&rival).unwrap();
    std::fs::write(rival.join("SKILL.md"), ground.read("SKILL.md")).unwrap();
    ground.is_refused(&[], 3, "has the same name");
}

#[test]
fn a_new_script_needs_consent() {
    let offered = second().file("run.sh", "#!/bin/sh\necho hello\n");
    let ground = Ground::of(installed(), offered);
    ground.is_refused(&[], 3, "must be confirmed by name");
    let _ = ground.upgrade(&["--confirm", "subject"]).exits(0);
    assert!(ground.live().join("run.sh").exists());
}

#[test]
fn an_archive_that_would_write_elsewhere_is_refused_and_writes_nowhere() {
    for name in ["../../escaped", "/tmp/exuvia-was-here", "a\\..\\..\\x"] {
        let ground = Ground::of(installed(), second().file(name, "bad"));
        ground.is_refused(&[], 3, "is blocked");
        // The same, where it was served after the report.
        let ground = Ground::new();
        let hostile = second().unlisted(name, "bad");
        ground
            .built
            .hub
            .change("acme", "subject", |skill| skill.replaced(&hostile));
        ground.is_refused(&[], 3, "not one that can be trusted");
        assert!(
            !ground
                .built
                .install
                .state
                .join("skill-backups/escaped")
                .exists()
        );
        assert!(!Path::new("/tmp/exuvia-was-here").exists());
    }
}

#[test]
fn an_archive_that_inflates_without_end_is_refused_in_little_memory() {
    let ground = Ground::new();
    let bomb = second().unlisted("zeros.bin", vec![0; 600 << 20]);
    ground
        .built
        .hub
        .change("acme", "subject", |skill| skill.replaced(&bomb));
    ground.is_refused(&[], 3, "not one that can be trusted");
}

#[test]
fn bytes_that_are_not_those_of_the_report_are_refused() {
    let ground = Ground::new();
    let other = second().file("more.md", "more");
    ground
        .built
        .hub
        .change("acme", "subject", |skill| skill.replaced(&other));
    ground.is_refused(&[], 3, "promises other bytes");
    let ground = Ground::new();
    let other = second().unlisted("more.md", "more");
    ground
        .built
        .hub
        .change("acme", "subject", |skill| skill.replaced(&other));
    ground.is_refused(&[], 3, "is not the file that the registry lists");
}

#[test]
fn a_version_cannot_say_of_itself_where_it_came_from() {
    let lie = r#"{"version":1,"slug":"subject","ownerHandle":"eve","installedVersion":"9.9.9"}"#;
    let offered = second().file(".clawhub/origin.json", lie);
    let ground = Ground::of(installed(), offered.file(".clawdhub/origin.json", lie));
    let _ = ground.upgrade(&["--confirm", "subject"]).exits(0);
    assert_eq!(ground.recorded(), both("1.0.1"));
    assert!(!ground.live().join(".clawdhub").exists());
    let origin = read_json(&ground.live().join(".clawhub/origin.json"));
    assert_eq!(origin["ownerHandle"], "acme", "{origin:#}");
}

#[test]
fn a_skill_in_other_hands_is_blocked() {
    let ground = Ground::new();
    let given = |skill: clawhub::Skill| skill.handed_to("eve");
    ground.built.hub.change("acme", "subject", given);
    ground.is_refused(&[], 3, "is published by eve now");
    let report = ground.built.check();
    let entry = entry(&report, "subject");
    assert_eq!(entry["assessment"]["risk"], "blocked", "{entry:#}");
    let ground = Ground { report, ..ground };
    ground.is_refused(&[], 3, "is blocked");
}

#[test]
fn what_the_registry_calls_malicious_after_the_report_is_refused() {
    let ground = Ground::new();
    let bad = second().verdict(clawhub::Verdict::Malicious);
    ground
        .built
        .hub
        .change("acme", "subject", |skill| skill.replaced(&bad));
    ground.is_refused(&[], 3, "unsafe");
}

#[test]
fn a_version_without_a_skill_file_is_refused() {
    let offered = Release::new("1.0.1").file("guide.md", NEW_GUIDE);
    let ground = Ground::of(installed(), offered.changelog("### Fixed\n\n- It."));
    ground.is_refused(&["--confirm", "subject"], 3, "has no SKILL.md");
}

#[test]
fn a_version_that_openclaw_would_not_load_is_not_put_in_place() {
    let offered = Release::new("1.0.1").file("SKILL.md", "---\nname: subject\n---\nNo words.\n");
    let ground = Ground::of(installed(), offered.changelog("### Fixed\n\n- It."));
    ground.is_refused(&["--confirm", "subject"], 1, "would not load it");
}

#[test]
fn a_version_that_takes_anothers_name_is_rolled_back() {
    let offered = Release::new("1.0.1").skill_md("neighbour", "A skill from ClawHub");
    let neighbour = Skill::local("neighbour", "neighbour").place(Place::Managed);
    let offered = offered.changelog("### Fixed\n\n- It.");
    let ground = Ground::with(&[installed(), neighbour], offered);
    ground.is_refused(&["--confirm", "subject"], 4, "it now has the name of");
    assert_eq!(ground.recorded(), both("1.0.0"));
}

#[test]
fn a_rollback_keeps_what_was_changed_since() {
    let ground = Ground::new();
    let _ = ground.upgrade(&[]).exits(0);
    std::fs::write(ground.live().join("guide.md"), "mine").unwrap();
    let _ = ground.exuvia(&["rollback"]).exits(0);
    assert_eq!(ground.read("guide.md"), GUIDE);
    let kept = ground.kept();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let guide = std::fs::read_to_string(kept[0].join("guide.md")).unwrap();
    assert_eq!(guide, "mine");
}

#[test]
fn several_are_done_one_after_the_other_and_the_first_failure_stops_the_rest() {
    let numbers = |ground: &Ground| {
        let number = |name| entry(&ground.report, name)["number"].as_u64().unwrap();
        (number("subject"), number("bystander-skill"))
    };
    let command = |ground: &Ground, (one, two): (u64, u64)| {
        let (one, two) = (one.to_string(), two.to_string());
        let report = ground.report["reportId"].as_str().unwrap();
        ground.exuvia(&["upgrade", &one, &two, "--report", report, "--json"])
    };
    let ground = Ground::new();
    let done = command(&ground, numbers(&ground)).exits(0).json();
    assert_eq!(done["runs"].as_array().unwrap().len(), 2, "{done:#}");
    assert_eq!(ground.recorded(), both("1.0.1"));
    let report = ground.built.exuvia(&["check", "--json"]).json();
    assert_eq!(
        listed(&report, "upToDate", "bystander-skill")["version"],
        "1.0.1"
    );

    // Of the two, the one with the lower number fails.
    let ground = Ground::new();
    let (subject, bystander) = numbers(&ground);
    let (fails, other) = if subject < bystander {
        ("subject", "bystander-skill")
    } else {
        ("bystander-skill", "subject")
    };
    let note = format!("workspace/skills/{fails}/SKILL.md");
    std::fs::remove_file(ground.built.install.state.join(note)).unwrap();
    let before = ground.recorded();
    let stopped = command(&ground, (subject, bystander)).exits(3).json();
    assert_eq!(
        stopped["notBegun"],
        serde_json::json!([other]),
        "{stopped:#}"
    );
    assert_eq!(ground.recorded(), before);
}

fn skill_md(name: &str, words: &str) -> String {
    format!("---\nname: {name}\ndescription: A skill\n---\n\n{words}\n")
}

/// An install with a skill from git, of which there is a newer commit.
fn from_git(skill: impl FnOnce(&str, &str) -> Skill) -> (Built, Repo, String, String) {
    let repo = Repo::new();
    let text = |n: &str| skill_md("from-git", n);
    let old = repo.commit("first", &[("SKILL.md", &text("1")), ("guide.md", GUIDE)]);
    let skill = skill(&repo.url(), &old)
        .file("SKILL.md", text("1"))
        .file("guide.md", GUIDE);
    let built = Built::new(|builder| builder.skill(skill));
    let new = repo.commit(
        "fix: it",
        &[("SKILL.md", &text("2")), ("guide.md", NEW_GUIDE)],
    );
    (built, repo, old, new)
}

#[test]
fn a_skill_from_git_is_upgraded_with_its_edits_and_undone() {
    let mine = GUIDE.replace("two", "TWO");
    let (built, _repo, old, new) =
        from_git(|url, commit| Skill::git("from-git", url, commit).edited("guide.md", mine));
    let live = built.install.workspace.join("skills/from-git");
    let before = Snapshot::of(&live);
    let report = built.check();
    let id = report["reportId"].as_str().unwrap();
    let words = [
        "upgrade",
        "from-git",
        "--report",
        id,
        "--confirm",
        "from-git",
        "--json",
    ];
    let done = built.exuvia(&words).exits(0).json();
    let record = |live: &Path| read_json(&live.join(".openclaw/source-origin.json"));
    assert_eq!(record(&live)["git"]["commit"], Value::from(new), "{done:#}");
    let guide = std::fs::read_to_string(live.join("guide.md")).unwrap();
    assert_eq!(guide, NEW_GUIDE.replace("two", "TWO"));
    let report = built.check();
    listed(&report, "upToDate", "from-git");
    let _ = built.exuvia(&["rollback"]).exits(0);
    assert_eq!(record(&live)["git"]["commit"], Value::from(old));
    assert_eq!(before.changed(&Snapshot::of(&live)), [] as [PathBuf; 0]);
}

#[test]
fn a_gateway_goes_on_and_has_the_skill_all_the_while() {
    let world = World::new();
    let release = Release::new("1.0.1").skill_md("demo-skill", "A skill from ClawHub");
    let release = release.changelog("### Fixed\n\n- It.");
    world.hub.release("acme", "demo-skill", release);
    let mut kept = world.keep(&binary());
    kept.wait_until_ready();
    let pid = kept.gateway_pid();
    let exuvia =
        |arguments: &[&str]| Ran::of(&mut world.exuvia_command(&binary(), arguments)).bears_it();
    let report = exuvia(&["check", "--json"]).exits(0).json();
    let id = report["reportId"].as_str().unwrap();
    let done = exuvia(&["upgrade", "demo-skill", "--report", id, "--json"])
        .exits(0)
        .json();
    assert_eq!(kept.gateway_pid(), pid, "{done:#}");
    let origin = world
        .install
        .workspace
        .join("skills/demo-skill/.clawhub/origin.json");
    assert_eq!(read_json(&origin)["installedVersion"], "1.0.1");
    let vitals = exuvia(&["status", "--json", "--vitals"]).exits(0).json();
    assert!(vitals.to_string().contains("demo-skill"), "{vitals:#}");
    let _ = exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(kept.gateway_pid(), pid);
    assert_eq!(read_json(&origin)["installedVersion"], "1.0.0");
}

/// Kills the upgrade at some moment of its course, over and over. The skill is there, whole, at every
/// instant, and the next command leaves its records right.
#[test]
fn a_kill_at_any_moment_leaves_the_skill_whole_in_one_version_or_the_other() {
    let rounds = std::env::var("EXUVIA_E2E_KILLS").map_or(12, |kills| kills.parse().unwrap());
    let mine = GUIDE.replace("two", "TWO");
    let ground = Ground::of(installed().edited("guide.md", &*mine), second());
    let began = Instant::now();
    let _ = ground.upgrade(&[]).exits(0);
    let whole = began.elapsed();
    let _ = ground.exuvia(&["rollback"]).exits(0);
    let forget = || {
        let backups = ground.built.install.state.join("skill-backups");
        std::fs::remove_dir_all(backups).unwrap();
    };
    forget();
    let before = Snapshot::of(&ground.live());
    let mut dice = Dice::of_the_day();
    for round in 0..rounds {
        let number = entry(&ground.report, "subject")["number"].to_string();
        let report = ground.report["reportId"].as_str().unwrap();
        let words = ["upgrade", &number, "--report", report, "--json"];
        let mut upgrade = ground.built.command(&words);
        let upgrade = upgrade.stdout(Stdio::null()).stderr(Stdio::null());
        let mut upgrade = upgrade.spawn().unwrap();
        // At any moment, and at those that are short: as soon as something was staged or exchanged.
        let (moment, event) = (dice.within(whole), dice.below(3));
        let end = Instant::now() + moment;
        let is_time = || match event {
            0 => Instant::now() >= end,
            1 => !ground.kept().is_empty(),
            _ => ground.read("guide.md") != mine,
        };
        while !is_time() && upgrade.try_wait().unwrap().is_none() {
            ground.is_whole(&mine);
        }
        upgrade.kill().unwrap();
        upgrade.wait().unwrap();
        ground.is_whole(&mine);
        let told = format!("round {round}, killed at event {event}, or after {moment:?}");
        let healed = ground.exuvia(&["resume", "--json"]);
        assert!(matches!(healed.code, Some(0 | 1 | 4)), "{told}: {healed:?}");
        let (origin, lock) = ground.recorded();
        assert_eq!(origin, lock, "{told}");
        let kept = ground.kept();
        if origin == "1.0.1" {
            assert_eq!(kept.len(), 1, "{told}: {kept:?}");
            let _ = ground.exuvia(&["rollback"]).exits(0);
            forget();
        } else {
            assert_eq!(kept, [] as [PathBuf; 0], "{told}");
        }
        let now = Snapshot::of(&ground.live());
        assert_eq!(before.changed(&now), [] as [PathBuf; 0], "{told}");
        assert_eq!(ground.recorded(), both("1.0.0"), "{told}");
    }
}

impl Ground {
    /// Whoever opens the guide sees the old one or the new one, with the user's edits.
    fn is_whole(&self, mine: &str) {
        let guide = self.read("guide.md");
        let new = NEW_GUIDE.replace("two", "TWO");
        assert!(guide == mine || guide == new, "{guide:?}");
    }
}
