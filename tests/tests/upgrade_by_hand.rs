//! What Exuvia does not replace: refused, with what to do by hand.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::{Path, PathBuf};

use exuvia_e2e::{Built, entry};
use exuvia_testkit::git::Repo;
use exuvia_testkit::install::{Plugin, Skill};
use exuvia_testkit::tree::Snapshot;

/// An install with a plugin from git, of which there is a newer commit.
fn with_a_plugin_from_git() -> (Repo, Built) {
    let repo = Repo::new();
    let files = [("package.json", r#"{"name":"x","version":"1.0.0"}"#)];
    let old = repo.commit("first", &files);
    repo.commit("second", &[("more.js", "1\n")]);
    let plugin = Plugin::git("git-plugin", &repo.url(), &old);
    let built = Built::new(|builder| builder.plugin(plugin));
    (repo, built)
}

#[test]
fn what_is_not_exuvias_to_replace_is_refused_with_what_to_do_by_hand() {
    let built = Built::new(|builder| {
        builder
            .plugin(Plugin::archive(
                "local-plugin",
                Path::new("/srv/local-plugin.tgz"),
                "1.0.0",
            ))
            .skill(Skill::local("my-skill", "my-skill"))
    });
    let report = built.check();
    let id = report["reportId"].as_str().unwrap();
    for (name, kind, by_hand) in [
        (
            "local-plugin",
            "extension/local",
            "openclaw plugins install",
        ),
        ("my-skill", "skill/local", "change the files in"),
        ("_builtin_skills", "builtin/bundled", "select openclaw"),
    ] {
        let before = Snapshot::of(&built.install.state);
        let ran = built.exuvia(&["upgrade", name, "--report", id]).exits(3);
        assert!(ran.stderr.contains(kind), "{name}: {ran:#?}");
        assert!(ran.stderr.contains(by_hand), "{name}: {ran:#?}");
        let after = Snapshot::of(&built.install.state);
        assert_eq!(before.changed(&after), [] as [PathBuf; 0], "{name}");
    }
}

#[test]
fn a_core_that_npm_did_not_install_is_refused_with_what_to_do_by_hand() {
    let built = Built::plain();
    let report = built.check();
    std::fs::create_dir(built.install.package.join(".git")).unwrap();
    std::fs::write(
        built.install.package.join(".git/HEAD"),
        "ref: refs/heads/main\n",
    )
    .unwrap();
    let id = report["reportId"].as_str().unwrap();
    let words = [
        "upgrade",
        "openclaw",
        "--report",
        id,
        "--confirm",
        "openclaw",
    ];
    let ran = built.exuvia(&words).exits(3);
    assert!(ran.stderr.contains("from a git checkout"), "{ran:#?}");
    assert!(ran.stderr.contains("`openclaw update`"), "{ran:#?}");
}

#[test]
fn all_leaves_out_what_is_not_exuvias_to_replace_and_says_so() {
    let (_repo, built) = with_a_plugin_from_git();
    let report = built.check();
    let report = report["reportId"].as_str().unwrap();
    // What is first in it needs a gateway, and stops the rest.
    let words = ["upgrade", "all", "--report", report, "--json"];
    let rest = ["--confirm", "openclaw", "--confirm", "bystander"];
    let ran = built.exuvia(&[&words[..], &rest].concat());
    assert!(
        ran.stderr.contains("left out: git-plugin is a plugin"),
        "{ran:#?}"
    );
    assert!(!ran.stdout.contains("extension:git-plugin"), "{ran:#?}");
}

#[test]
fn a_plugin_from_git_is_refused_with_what_to_do_by_hand() {
    let (_repo, built) = with_a_plugin_from_git();
    let report = built.check();
    let number = entry(&report, "git-plugin")["number"].to_string();
    let id = report["reportId"].as_str().unwrap();
    let ran = built.exuvia(&["upgrade", &number, "--report", id]).exits(3);
    assert!(ran.stderr.contains("extension/github"), "{ran:#?}");
    assert!(
        ran.stderr.contains("openclaw plugins update git-plugin"),
        "{ran:#?}"
    );
}

#[test]
fn a_checkout_of_the_users_own_is_left_to_git() {
    let repo = Repo::new();
    let text = "---\nname: cloned\ndescription: A skill\n---\n\n1\n";
    let old = repo.commit("first", &[("SKILL.md", text)]);
    repo.commit("second", &[("more.md", "more")]);
    let built = Built::new(|b| b.skill(Skill::clone_of("cloned", &repo.url()).at(&old)));
    let report = built.check();
    let id = report["reportId"].as_str().unwrap();
    let words = ["upgrade", "cloned", "--report", id, "--confirm", "cloned"];
    let ran = built.exuvia(&words).exits(3);
    assert!(ran.stderr.contains("pull --ff-only"), "{ran:#?}");
}
