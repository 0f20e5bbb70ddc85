use std::os::unix::fs::{PermissionsExt, symlink};

use exuvia_host::testing::TestHost;

use super::*;

fn build(root: &Path) {
    for (path, content) in [
        ("a/b.txt", "b"),
        ("run.sh", "#!/bin/sh\n"),
        (".git/HEAD", "x"),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn digest(host: &TestHost, root: &Path) -> Option<exuvia_model::Digest> {
    let tree = files(host, root);
    let digests = digest_all(host, &tree);
    content_digest(&tree, &digests)
}

#[test]
fn links_and_pipes_are_listed_and_never_followed() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path());
    symlink("..", dir.path().join("a/up")).unwrap();
    symlink("/etc/passwd", dir.path().join("out")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());

    let host = TestHost::new();
    let tree = files(&host, dir.path());

    let names: Vec<&str> = tree.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a/b.txt", "run.sh"]);
    assert_eq!(tree.links.len(), 2);
    assert_eq!(tree.specials, [PathBuf::from("pipe")]);
    assert!(tree.complete);
    assert!(read(&host, dir.path(), Path::new("out"), 100).is_err());
    assert_eq!(
        read(&host, dir.path(), Path::new("a/b.txt"), 1).unwrap(),
        b"b"
    );
    assert!(read(&host, dir.path(), Path::new("run.sh"), 3).is_err());
}

#[test]
fn the_content_digest_sees_names_contents_modes_and_links_and_nothing_else() {
    let host = TestHost::new();
    let one = tempfile::tempdir().unwrap();
    build(one.path());
    let before = digest(&host, one.path());
    assert!(before.is_some());

    std::fs::write(one.path().join(".git/HEAD"), "other").unwrap();
    assert_eq!(digest(&host, one.path()), before);

    let script = one.path().join("run.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let executable = digest(&host, one.path());
    assert_ne!(executable, before);

    symlink("run.sh", one.path().join("link")).unwrap();
    let linked = digest(&host, one.path());
    assert_ne!(linked, executable);

    std::fs::rename(&script, one.path().join("ran.sh")).unwrap();
    assert_ne!(digest(&host, one.path()), linked);
}

#[test]
fn a_tree_beyond_the_limits_is_incomplete_and_has_no_digest() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("1/2/3/4")).unwrap();
    for number in 0..10 {
        std::fs::write(dir.path().join(number.to_string()), "x").ok();
    }
    let host = TestHost::new();
    for limits in [
        Limits {
            max_entries: 5,
            ..Limits::default()
        },
        Limits {
            max_depth: 2,
            ..Limits::default()
        },
    ] {
        let tree = walk(&host, dir.path(), &limits);
        assert!(!tree.complete);
        assert_eq!(tree.problems.len(), 1, "{:?}", tree.problems);
        let digests = digest_all(&host, &tree);
        assert_eq!(content_digest(&tree, &digests), None);
    }
}
