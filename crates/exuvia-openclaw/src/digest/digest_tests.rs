use std::path::Path;

use exuvia_host::testing::TestHost;

use super::*;
use crate::tree::{Limits, Tree, digest_all, walk};

/// The tree that both real clients were run on.
const FILES: [(&str, &str); 12] = [
    ("SKILL.md", "---\nname: demo\n---\n# Demo\n"),
    ("references/a.md", "a\n"),
    ("references/B.md", "A\n"),
    ("scripts/run.sh", "#!/bin/sh\necho hi\n"),
    ("empty.txt", ""),
    (".hidden", "x"),
    (".clawhub/origin.json", "{}"),
    ("node_modules/x/i.js", "n"),
    ("sub/.clawhub/keep", "kept by the tree digest\n"),
    (".gitignore", "*.log\n"),
    ("run.log", "log"),
    ("_meta.json", "dash"),
];

fn build(root: &Path) {
    for (path, content) in FILES {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::fs::create_dir(root.join("empty")).unwrap();
}

fn tree(root: &Path) -> Tree {
    walk(&TestHost::new(), root, &Limits::default())
}

#[test]
fn the_tree_digest_is_the_one_that_openclaw_computes() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path());
    let tree = tree(dir.path());
    let digest = openclaw_tree(&tree, &digest_all(&TestHost::new(), &tree)).unwrap();
    assert_eq!(
        digest.as_str(),
        "sha256:4410ba639bd7d845b48dc804683532c89145ba28df3ba40dc86781b8f1b40469"
    );
}

#[test]
fn the_fingerprint_is_the_one_that_the_clawhub_command_computes() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path());
    let tree = tree(dir.path());
    let digests = digest_all(&TestHost::new(), &tree);
    let computed = fingerprint(&tree, &digests, &["*.log\n".to_owned()]).unwrap();
    assert_eq!(
        computed.value,
        "27f84f5c254506d2780e124ef79eacf517cb290916afbc855658541095ff3217"
    );
    assert!(
        computed.doubt.is_some(),
        "another reading of the ignore file is possible"
    );
}

#[test]
fn a_link_has_no_tree_digest_but_one_beside_the_records_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path());
    std::os::unix::fs::symlink("x", dir.path().join(".clawhub/link")).unwrap();
    let before = tree(dir.path());
    assert!(openclaw_tree(&before, &digest_all(&TestHost::new(), &before)).is_ok());
    std::os::unix::fs::symlink("x", dir.path().join("sub/link")).unwrap();
    let after = tree(dir.path());
    let error = openclaw_tree(&after, &digest_all(&TestHost::new(), &after)).unwrap_err();
    assert!(matches!(error, NoTreeDigest::Unsupported(path) if path == "sub/link"));
}

#[test]
fn paths_beyond_ascii_leave_a_doubt_and_no_files_no_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".hidden"), "").unwrap();
    let nothing = tree(dir.path());
    assert!(fingerprint(&nothing, &digest_all(&TestHost::new(), &nothing), &[]).is_none());
    std::fs::write(dir.path().join("é.md"), "").unwrap();
    let one = tree(dir.path());
    let computed = fingerprint(&one, &digest_all(&TestHost::new(), &one), &[]).unwrap();
    assert!(computed.doubt.is_some());
}
