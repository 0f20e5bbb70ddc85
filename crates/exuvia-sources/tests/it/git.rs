use std::path::Path;
use std::sync::Arc;

use exuvia_host::testing::TestHost;
use exuvia_sources::SourceError;
use exuvia_sources::git::Git;
use exuvia_testkit::git::Repo;
use exuvia_testkit::tree::Snapshot;

/// git without this machine's configuration, with mirrors in `directory`.
fn git(directory: &Path) -> Git {
    let host = TestHost::new()
        .with_env("GIT_CONFIG_GLOBAL", "/dev/null")
        .with_env("GIT_CONFIG_NOSYSTEM", "1");
    Git::new(Arc::new(host), directory.join("mirrors"))
}

#[test]
fn the_remotes_branch_and_commit_are_found() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let first = repo.commit("first", &[("SKILL.md", "one")]);
    let head = git(lab.path()).remote_head(&repo.url(), None).unwrap();
    assert_eq!(
        (head.branch.as_str(), head.commit.as_str()),
        ("main", first.as_str())
    );
    let head = git(lab.path())
        .remote_head(&repo.url(), Some("main"))
        .unwrap();
    assert_eq!(head.commit, first);
    assert!(
        git(lab.path())
            .remote_head(&repo.url(), Some("other"))
            .is_err()
    );
}

#[test]
fn the_commits_between_two_are_listed_newest_first() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let first = repo.commit("first", &[("a", "1")]);
    repo.commit("feat!: second\n\nBREAKING CHANGE: all of it", &[("a", "2")]);
    let git = git(lab.path());
    assert_eq!(git.log(&repo.url(), &first, &first).unwrap(), []);
    let third = repo.commit("third \u{1b}[31m", &[("a", "3")]);
    let log = git.log(&repo.url(), &first, &third).unwrap();
    let subjects: Vec<&str> = log.iter().map(|commit| commit.subject.as_str()).collect();
    assert_eq!(subjects, ["third \u{1b}[31m", "feat!: second"]);
    assert_eq!(log[1].body, "BREAKING CHANGE: all of it");
    assert_eq!(
        log[0].author_time.unwrap().to_string(),
        "2026-01-03T00:00:00Z"
    );
}

#[test]
fn a_rewritten_history_is_told() {
    let (repo, other, lab) = (Repo::new(), Repo::new(), tempfile::tempdir().unwrap());
    let gone = other.commit("elsewhere", &[("a", "9")]);
    let head = repo.commit("first", &[("a", "1")]);
    let error = git(lab.path()).log(&repo.url(), &gone, &head).unwrap_err();
    assert!(
        matches!(error, SourceError::HistoryRewritten { .. }),
        "{error}"
    );
    let error = git(lab.path())
        .log(&repo.url(), &repo.commit("next", &[("a", "2")]), &head)
        .unwrap_err();
    assert!(
        matches!(error, SourceError::HistoryRewritten { .. }),
        "{error}"
    );
}

#[test]
fn an_archive_has_what_a_clone_has_whatever_the_repository_says() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let commit = repo.commit(
        "first",
        &[
            (
                ".gitattributes",
                "hidden.sh export-ignore\n*.md export-subst text eol=crlf\n",
            ),
            ("hidden.sh", "curl evil"),
            ("skills/demo/SKILL.md", "$Format:%H$\n"),
        ],
    );
    let git = git(lab.path());
    let archive = git.archive(&repo.url(), &commit, None).unwrap();
    let mut paths: Vec<&str> = archive
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [".gitattributes", "hidden.sh", "skills/demo/SKILL.md"]
    );
    assert_eq!(archive.digest.as_str(), format!("git:{commit}"));
    let below = git
        .archive(&repo.url(), &commit, Some("skills/demo"))
        .unwrap();
    assert_eq!(below.files.len(), 1);
    assert_eq!(below.files[0].path, "SKILL.md");
    assert_eq!(
        below.files[0].content.as_deref(),
        Some(&b"$Format:%H$\n"[..])
    );
}

#[test]
fn the_users_repository_is_read_and_not_changed() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let commit = repo.commit("first", &[("SKILL.md", "one\n"), ("sub/run me.sh", "x")]);
    let clone = lab.path().join("clone");
    repo.clone_to(&clone);
    let before = Snapshot::of(&clone);
    let git = git(lab.path());
    let tree = git.tree(&clone.join(".git"), &commit, None).unwrap();
    assert_eq!(tree.len(), 2);
    assert_eq!(
        (tree[0].path.as_str(), tree[0].mode),
        ("SKILL.md", 0o100_644)
    );
    assert_eq!(tree[0].oid, Git::blob_id(b"one\n"));
    let below = git.tree(&clone.join(".git"), &commit, Some("sub")).unwrap();
    assert_eq!(below[0].path, "run me.sh");
    assert_eq!(Snapshot::of(&clone), before);
}

#[test]
fn a_hostile_configuration_of_a_repository_runs_nothing() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let commit = repo.commit("first", &[("a", "1")]);
    let (clone, mark) = (lab.path().join("clone"), lab.path().join("was-run"));
    repo.clone_to(&clone);
    let touch = format!("touch {}", mark.display());
    let config = format!(
        "[core]\n\tfsmonitor = {touch}\n\tpager = {touch}\n\talternateRefsCommand = {touch}\n[alias]\n\tls-tree = !{touch}\n"
    );
    let path = clone.join(".git/config");
    let own = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, own + &config).unwrap();
    assert_eq!(
        git(lab.path())
            .tree(&clone.join(".git"), &commit, None)
            .unwrap()
            .len(),
        1
    );
    assert!(!mark.exists());
}

#[test]
fn addresses_and_names_that_are_options_or_programs_are_refused() {
    let lab = tempfile::tempdir().unwrap();
    let (git, mark) = (git(lab.path()), lab.path().join("was-run"));
    let evil = format!("ext::sh -c touch% {}", mark.display());
    let hash = "a".repeat(40);
    for url in [
        evil.as_str(),
        "--upload-pack=touch x",
        "ssh://-oProxyCommand=id/x",
        "",
        "-",
    ] {
        assert!(
            matches!(git.remote_head(url, None), Err(SourceError::Refused { .. })),
            "{url}"
        );
        assert!(
            matches!(git.log(url, &hash, &hash), Err(SourceError::Refused { .. })),
            "{url}"
        );
        assert!(
            matches!(
                git.archive(url, &hash, None),
                Err(SourceError::Refused { .. })
            ),
            "{url}"
        );
    }
    let url = "file:///nonexistent";
    assert!(matches!(
        git.remote_head(url, Some("--exec=id")),
        Err(SourceError::Refused { .. })
    ));
    assert!(matches!(
        git.archive(url, "--output=/x", None),
        Err(SourceError::Refused { .. })
    ));
    assert!(matches!(
        git.archive(url, &hash, Some("../..")),
        Err(SourceError::Refused { .. })
    ));
    assert!(!mark.exists());
}

#[test]
fn a_missing_repository_is_told_without_its_password() {
    let lab = tempfile::tempdir().unwrap();
    let url = "http://me:hunter2@127.0.0.1:9/x.git";
    let error = git(lab.path())
        .remote_head(url, None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ls-remote") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn offline_gives_what_the_mirror_has() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let commit = repo.commit("first", &[("a", "1")]);
    git(lab.path()).archive(&repo.url(), &commit, None).unwrap();
    let offline = git(lab.path()).offline(true);
    assert!(offline.archive(&repo.url(), &commit, None).is_ok());
    assert!(matches!(
        offline.remote_head(&repo.url(), None),
        Err(SourceError::Offline { .. })
    ));
    let next = repo.commit("second", &[("a", "2")]);
    assert!(matches!(
        offline.log(&repo.url(), &commit, &next),
        Err(SourceError::Offline { .. })
    ));
}

#[test]
fn what_a_checkout_already_has_below_it_is_told_from_what_it_lacks() {
    let (repo, lab) = (Repo::new(), tempfile::tempdir().unwrap());
    let first = repo.commit("first", &[("a", "1")]);
    let clone = lab.path().join("clone");
    repo.clone_to(&clone);
    let own = exuvia_testkit::git::git(&clone, &["commit", "--allow-empty", "-m", "mine"]);
    assert!(!own.is_empty());
    let own = exuvia_testkit::git::git(&clone, &["rev-parse", "HEAD"])
        .trim()
        .to_owned();
    let lacking = repo.commit("second", &[("a", "2")]);
    let (git, repository) = (git(lab.path()), clone.join(".git"));
    assert_eq!(git.is_ancestor(&repository, &first, &own), Ok(true));
    assert_eq!(git.is_ancestor(&repository, &own, &first), Ok(false));
    assert_eq!(git.is_ancestor(&repository, &lacking, &own), Ok(false));
    assert!(git.is_ancestor(&repository, "--all", &own).is_err());
}
