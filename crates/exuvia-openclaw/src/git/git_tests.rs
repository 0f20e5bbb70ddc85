use exuvia_host::testing::TestHost;

use super::*;

const COMMIT: &str = "b269b9029b4cec35cfefa19344148bd3ab32f3a0";

fn repository(head: &str, config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join(".git/refs/heads")).unwrap();
    std::fs::write(dir.path().join(".git/HEAD"), head).unwrap();
    std::fs::write(dir.path().join(".git/config"), config).unwrap();
    dir
}

const ORIGIN: &str = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://me:secret@example.org/a/b.git\n\
                      [branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/stable\n";

#[test]
fn commit_branch_and_remote_are_read_and_a_password_is_not_kept() {
    let dir = repository("ref: refs/heads/main\n", ORIGIN);
    std::fs::write(
        dir.path().join(".git/refs/heads/main"),
        format!("{COMMIT}\n"),
    )
    .unwrap();
    let checkout = read(&TestHost::new(), dir.path());
    assert_eq!(checkout.commit.as_deref(), Some(COMMIT));
    assert_eq!(checkout.branch.as_deref(), Some("stable"));
    let remote = checkout.remote.unwrap();
    assert_eq!(remote.url, "https://example.org/a/b.git");
    assert!(remote.had_credentials);
    assert!(checkout.problems.is_empty());
}

#[test]
fn packed_references_detached_heads_and_worktrees_are_read() {
    let packed = repository("ref: refs/heads/main", ORIGIN);
    let refs = format!("# pack-refs\n{COMMIT} refs/heads/main\n");
    std::fs::write(packed.path().join(".git/packed-refs"), refs).unwrap();
    assert_eq!(
        read(&TestHost::new(), packed.path()).commit.as_deref(),
        Some(COMMIT)
    );

    let worktree = tempfile::tempdir().unwrap();
    let own = packed.path().join(".git/worktrees/w");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("HEAD"), COMMIT).unwrap();
    std::fs::write(own.join("commondir"), "../..\n").unwrap();
    std::fs::write(
        worktree.path().join(".git"),
        format!("gitdir: {}\n", own.display()),
    )
    .unwrap();
    let checkout = read(&TestHost::new(), worktree.path());
    assert_eq!(checkout.commit.as_deref(), Some(COMMIT));
    assert_eq!(checkout.branch, None);
    assert!(checkout.remote.is_some());
}

#[test]
fn remotes_that_run_programs_are_refused() {
    for url in [
        "ext::sh -c id",
        "--upload-pack=id",
        "fd::7",
        "http+x://a",
        "a\u{1}b",
        "",
    ] {
        assert!(Remote::parse(url).is_err(), "{url}");
    }
    for url in [
        "git@example.org:a/b.git",
        "/srv/git/x.git",
        "ssh://h/x",
        "file:///x",
        "https://h/x",
    ] {
        assert_eq!(Remote::parse(url).unwrap().url, url);
    }
    let dir = repository(
        "ref: refs/heads/main",
        "[remote \"origin\"]\nurl = ext::sh -c id\n",
    );
    let checkout = read(&TestHost::new(), dir.path());
    assert_eq!(checkout.remote, None);
    assert_eq!(checkout.problems.len(), 1);
}

#[test]
fn a_broken_repository_is_a_problem_and_no_panic() {
    let cases = [
        ("", ""),
        ("ref: refs/heads/../../../etc/passwd", ORIGIN),
        ("ref: /etc/passwd", ORIGIN),
        ("not a commit", "[[[\n====\n\"\n"),
    ];
    for (head, config) in cases {
        let dir = repository(head, config);
        let checkout = read(&TestHost::new(), dir.path());
        assert_eq!(checkout.commit, None);
        assert!(!checkout.problems.is_empty(), "{head}");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".git"), "nonsense").unwrap();
    assert_eq!(read(&TestHost::new(), dir.path()).problems.len(), 1);
}
