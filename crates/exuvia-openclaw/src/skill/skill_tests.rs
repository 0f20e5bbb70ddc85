use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use exuvia_host::testing::TestHost;
use exuvia_model::asset::{ClawHubClient, ClonedBy, LocalChanges, Provenance};
use exuvia_model::{AssetKind, Inventory};
use exuvia_testkit::install::{Builder, Install as Built, Place, Skill};
use serde_json::{Value, json};

use crate::{LocateOptions, locate, take_inventory};

fn host(home: &Path) -> TestHost {
    TestHost::new().with_env("HOME", home)
}

fn inventory(home: &Path) -> Inventory {
    let host = host(home);
    let install = locate(&host, &LocateOptions::default()).unwrap();
    take_inventory(&host, &install)
}

fn build(builder: impl FnOnce(Builder) -> Builder) -> (tempfile::TempDir, Built) {
    let dir = tempfile::tempdir().unwrap();
    let built = builder(Builder::new(dir.path())).build();
    (dir, built)
}

fn skill<'i>(inventory: &'i Inventory, id: &str) -> &'i exuvia_model::Asset {
    let ids: Vec<&str> = inventory
        .assets
        .iter()
        .map(|asset| asset.id.as_str())
        .collect();
    let found = inventory
        .assets
        .iter()
        .find(|asset| asset.id.as_str() == id);
    found.unwrap_or_else(|| panic!("{id} is not among {ids:?}; {:?}", inventory.warnings))
}

fn edit_json(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

#[test]
fn both_clients_skills_are_told_apart_and_local_edits_are_seen() {
    let (dir, _) = build(|builder| {
        builder
            .skill(Skill::clawhub("acme", "clean", "1.2.0"))
            .skill(Skill::clawhub("acme", "edited", "1.0.0").edited("SKILL.md", "changed"))
            .skill(Skill::clawhub_cli("acme", "notes", "2.0.0"))
            .skill(Skill::clawhub_cli("acme", "more", "2.0.0").edited("new.sh", "#!/bin/sh\n"))
    });
    let inventory = inventory(dir.path());

    let clean = skill(&inventory, "skill:workspace/clean");
    assert_eq!(clean.kind, AssetKind::SkillClawhub);
    assert_eq!(clean.name, "clean");
    assert_eq!(clean.current_version, Some("1.2.0".into()));
    assert_eq!(clean.registry_version.as_deref(), Some("1.2.0"));
    assert!(clean.problems.is_empty(), "{:?}", clean.problems);
    assert!(matches!(&clean.local_changes, LocalChanges::None { .. }));
    assert!(matches!(
        &clean.provenance,
        Provenance::ClawHub { slug, owner: Some(owner), client: ClawHubClient::OpenClaw, archive_sha256: Some(_), .. }
            if slug == "clean" && owner == "acme"
    ));
    let edited = skill(&inventory, "skill:workspace/edited");
    assert!(matches!(
        &edited.local_changes,
        LocalChanges::Modified { .. }
    ));

    let notes = skill(&inventory, "skill:workspace/@acme/notes");
    assert_eq!(
        (notes.name.as_str(), notes.registry_version.as_deref()),
        ("notes", Some("2.0.0"))
    );
    assert!(matches!(&notes.local_changes, LocalChanges::None { .. }));
    assert!(matches!(
        &notes.provenance,
        Provenance::ClawHub {
            client: ClawHubClient::ClawHubCli,
            ..
        }
    ));
    let more = skill(&inventory, "skill:workspace/@acme/more");
    assert!(matches!(&more.local_changes, LocalChanges::Modified { .. }));
    assert!(more.scripts.iter().any(|script| script.path == "new.sh"));
}

#[test]
fn a_lock_file_that_lies_leaves_its_skill_untracked_and_says_why() {
    for (key, value, word) in [
        ("version", json!("9.9.9"), "version"),
        ("registry", json!("https://elsewhere.example"), "registry"),
        ("ownerHandle", json!("mallory"), "publisher"),
        ("fileTreeSha256", json!("sha256:00"), "digest of the files"),
    ] {
        let (dir, built) = build(|b| b.skill(Skill::clawhub("acme", "demo", "1.0.0")));
        let lock = built.workspace.join(".clawhub/lock.json");
        edit_json(&lock, |lock| lock["skills"]["demo"][key] = value);
        let inventory = inventory(dir.path());
        let demo = skill(&inventory, "skill:workspace/demo");
        assert!(
            matches!(&demo.provenance, Provenance::Untracked { reason } if reason.contains(word)),
            "{:?}",
            demo.provenance
        );
        assert!(!demo.problems.is_empty());
    }
}

#[test]
fn entries_of_a_lock_file_that_are_not_there_or_lead_outside_are_warned_of() {
    let (dir, built) = build(|b| {
        b.skill(Skill::clawhub("acme", "demo", "1.0.0"))
            .skill(Skill::local("own", "own"))
    });
    edit_json(&built.workspace.join(".clawhub/lock.json"), |lock| {
        for key in ["../../etc", "gone", "own"] {
            lock["skills"][key] = json!({ "version": "1.0.0" });
        }
    });
    let inventory = inventory(dir.path());
    let warnings = inventory.warnings.join("\n");
    assert!(
        warnings.contains("\"gone\", which is not there"),
        "{warnings}"
    );
    assert!(
        warnings.contains("\"../../etc\", which cannot be a skill"),
        "{warnings}"
    );
    let own = skill(&inventory, "skill:workspace/own");
    assert!(matches!(own.provenance, Provenance::Untracked { .. }));
}

#[test]
fn a_record_that_cannot_be_true_is_not_believed() {
    for origin in [
        "{",
        "[]",
        r#"{"slug":"../../x","installedVersion":"1.0.0"}"#,
        r#"{"slug":"demo"}"#,
        r#"{"slug":"demo","installedVersion":"1.0.0","ownerHandle":"a/../b"}"#,
    ] {
        let (dir, built) = build(|b| b.skill(Skill::local("demo", "demo")));
        let record = built.workspace.join("skills/demo/.clawhub");
        std::fs::create_dir(&record).unwrap();
        std::fs::write(record.join("origin.json"), origin).unwrap();
        let inventory = inventory(dir.path());
        let demo = skill(&inventory, "skill:workspace/demo");
        assert_eq!(demo.kind, AssetKind::SkillClawhub);
        assert!(
            matches!(demo.provenance, Provenance::Untracked { .. }),
            "{origin}"
        );
    }
}

#[test]
fn git_skills_say_repository_commit_and_branch() {
    let remote = exuvia_testkit::git::Repo::new();
    let first = remote.commit(
        "first",
        &[("SKILL.md", "---\nname: c\ndescription: d\n---\n")],
    );
    let commit = "b269b9029b4cec35cfefa19344148bd3ab32f3a0";
    let (dir, _) = build(|b| {
        b.skill(Skill::git("hub", "https://example.org/hub.git", commit))
            .skill(Skill::clone_of("clone", &remote.url()))
    });
    let inventory = inventory(dir.path());

    let hub = skill(&inventory, "skill:workspace/hub");
    assert_eq!(hub.kind, AssetKind::SkillGithub);
    assert_eq!(hub.current_commit.as_deref(), Some(commit));
    assert!(matches!(
        &hub.provenance,
        Provenance::Git {
            cloned_by: ClonedBy::OpenClaw,
            ..
        }
    ));

    let clone = skill(&inventory, "skill:workspace/clone");
    assert_eq!(clone.kind, AssetKind::SkillGithub);
    assert_eq!(clone.current_commit.as_deref(), Some(first.as_str()));
    assert_eq!(clone.repo.as_deref(), Some(remote.url().as_str()));
    assert!(matches!(
        &clone.provenance,
        Provenance::Git {
            cloned_by: ClonedBy::User,
            branch: Some(_),
            subdir: None,
            ..
        }
    ));
    assert!(clone.content_digest.is_some());
}

#[test]
fn of_two_skills_with_one_name_the_stronger_root_wins_and_both_are_told() {
    let (dir, built) = build(|b| {
        b.skill(Skill::local("demo", "demo"))
            .skill(Skill::local("demo", "demo").place(Place::Managed))
            .skill(Skill::local("other-dir", "demo").place(Place::HomeAgents))
            .skill(Skill::local("demo2", "free").place(Place::WorkspaceAgents))
            .skill(Skill::local("weather", "weather"))
    });
    let inventory = inventory(dir.path());
    let winner = skill(&inventory, "skill:workspace/demo");
    assert_eq!(winner.conflicts.len(), 2);
    assert!(
        winner
            .conflicts
            .iter()
            .all(|conflict| conflict.wins && conflict.name == "demo")
    );
    for id in ["skill:managed/demo", "skill:personal/other-dir"] {
        let loser = skill(&inventory, id);
        assert_eq!(loser.conflicts.len(), 1, "{id}");
        assert!(!loser.conflicts[0].wins);
        assert!(
            loser.conflicts[0]
                .rule
                .starts_with("workspace skills come before")
        );
        assert_eq!(loser.conflicts[0].other_path, winner.path);
    }
    assert!(!skill(&inventory, "skill:workspace-agents/demo2").has_conflict());
    let weather = skill(&inventory, "skill:workspace/weather");
    let bundled = built.package.canonicalize().unwrap().join("skills/weather");
    assert_eq!(
        weather.conflicts[0].other_path,
        bundled.display().to_string()
    );
    assert!(weather.conflicts[0].wins);
}

#[test]
fn agents_with_workspaces_of_their_own_do_not_shadow_each_other() {
    let (dir, built) = build(|b| {
        let list = json!({ "list": [{ "id": "main", "default": true }, { "id": "ops" }] });
        b.config("agents", list).skill(Skill::local("demo", "demo"))
    });
    let second = built.state.join("workspace-ops/skills/demo");
    std::fs::create_dir_all(&second).unwrap();
    std::fs::copy(
        built.workspace.join("skills/demo/SKILL.md"),
        second.join("SKILL.md"),
    )
    .unwrap();
    let inventory = inventory(dir.path());
    for id in ["skill:workspace/demo", "skill:workspace-ops/demo"] {
        assert!(!skill(&inventory, id).has_conflict(), "{id}");
    }
}

#[test]
fn hostile_names_each_give_an_asset_with_an_id_of_its_own() {
    let long = "x".repeat(255);
    let names: [&[u8]; 9] = [
        b"a'b\"c",
        b"$(id)",
        b"new\nline",
        b"bell\x07",
        b"not\xffutf8",
        b"not\xfeutf8",
        b"..hidden? no",
        "dеmo".as_bytes(),
        long.as_bytes(),
    ];
    let (dir, built) = build(|builder| {
        names.iter().enumerate().fold(
            builder.skill(Skill::local("demo", "demo")),
            |builder, (number, name)| {
                builder.skill(Skill::local(
                    OsStr::from_bytes(name),
                    &format!("skill-{number}"),
                ))
            },
        )
    });
    let inventory = inventory(dir.path());
    let skills: Vec<_> = inventory
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::SkillLocal)
        .collect();
    // One begins with a dot, and OpenClaw does not look into it; `demo` is there besides.
    assert!(
        inventory
            .warnings
            .iter()
            .any(|warning| warning.contains("hidden by its name"))
    );
    assert_eq!(skills.len(), names.len(), "{:?}", inventory.warnings);
    let ids: std::collections::HashSet<_> = skills.iter().map(|skill| &skill.id).collect();
    assert_eq!(ids.len(), skills.len());
    for skill in &skills {
        assert!(
            !skill.name.chars().any(exuvia_model::text::is_hidden),
            "{:?}",
            skill.name
        );
        assert!(!skill.id.as_str().chars().any(char::is_control));
        assert!(skill.content_digest.is_some());
    }
    let problems = |part: &str| {
        let has = |skill: &&&exuvia_model::Asset| skill.problems.iter().any(|p| p.contains(part));
        skills.iter().filter(has).count()
    };
    assert_eq!(problems("not UTF-8"), 2);
    assert_eq!(problems("cannot be seen"), 2);
    assert_eq!(problems("looks like \"demo\""), 1);
    assert!(built.workspace.exists());
}

#[test]
fn broken_skill_files_are_problems_of_their_skill_alone() {
    let (dir, built) = build(|builder| {
        builder
            .skill(Skill::local("huge", "huge").file("SKILL.md", vec![b'x'; 50 << 20]))
            .skill(
                Skill::local("latin", "x")
                    .file("SKILL.md", b"---\nname: l\xe4\ndescription: d\n---\n"),
            )
            .skill(Skill::local("bare", "x").file("SKILL.md", "# No frontmatter\n"))
            .skill(Skill::local("good", "good"))
            .skill(Skill::empty("empty"))
    });
    let skills = built.workspace.join("skills");
    for name in ["fifo", "dir", "linked"] {
        std::fs::create_dir(skills.join(name)).unwrap();
    }
    let made = std::process::Command::new("mkfifo")
        .arg(skills.join("fifo/SKILL.md"))
        .status();
    assert!(made.unwrap().success());
    std::fs::create_dir(skills.join("dir/SKILL.md")).unwrap();
    symlink("/etc/passwd", skills.join("linked/SKILL.md")).unwrap();

    let inventory = inventory(dir.path());

    for (name, word) in [
        ("huge", "larger than"),
        ("latin", "not UTF-8"),
        ("bare", "no frontmatter"),
        ("fifo", "not a file"),
        ("dir", "not a file"),
        ("linked", "outside the skill"),
    ] {
        let broken = skill(&inventory, &format!("skill:workspace/{name}"));
        let problems = broken.problems.join("\n");
        assert!(problems.contains(word), "{name}: {problems}");
    }
    assert!(
        skill(&inventory, "skill:workspace/good")
            .problems
            .is_empty()
    );
    let warnings = inventory.warnings.join("\n");
    assert!(
        warnings.contains("skills/empty holds no SKILL.md"),
        "{warnings}"
    );
}

#[test]
fn links_that_go_in_circles_or_out_of_the_root_are_warnings() {
    let (dir, built) = build(|b| b.skill(Skill::local("group/inner", "inner")));
    let skills = built.workspace.join("skills");
    let outside = dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(
        outside.join("SKILL.md"),
        "---\nname: o\ndescription: d\n---\n",
    )
    .unwrap();
    symlink("..", skills.join("group/loop")).unwrap();
    symlink("group", skills.join("same")).unwrap();
    symlink(&outside, skills.join("out")).unwrap();
    symlink("nowhere", skills.join("dangling")).unwrap();
    std::fs::create_dir_all(built.state.join("skills")).unwrap();
    symlink(&outside, built.state.join("skills/allowed")).unwrap();

    let inventory = inventory(dir.path());

    let warnings = inventory.warnings.join("\n");
    assert!(warnings.contains("looked at already"), "{warnings}");
    assert!(warnings.contains("outside its directory"), "{warnings}");
    skill(&inventory, "skill:workspace/group/inner");
    // Managed skills may be links to anywhere: OpenClaw follows them.
    skill(&inventory, "skill:managed/allowed");
    let skills = inventory
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::SkillLocal);
    assert_eq!(skills.count(), 2);
}

#[test]
fn one_skill_that_two_roots_lead_to_is_one_asset() {
    let (dir, built) = build(|builder| {
        let extra =
            json!({ "load": { "extraDirs": ["~/.openclaw/workspace/skills", "/nowhere"] } });
        builder
            .config("skills", extra)
            .skill(Skill::local("demo", "demo"))
    });
    let inventory = inventory(dir.path());
    let demo = skill(&inventory, "skill:workspace/demo");
    assert!(!demo.has_conflict());
    assert_eq!(
        inventory
            .assets
            .iter()
            .filter(|asset| asset.name == "demo")
            .count(),
        1
    );
    assert!(built.state.exists());
}
