//! What programs in a space see and change of files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use exuvia_host::space::{Bind, Space, SpaceError, SpaceSpec};

use super::{bind, is_root, says, scratch, sh, with};

/// A directory outside of what is fresh inside. The build's own would do, but another user may
/// not enter it.
fn live() -> PathBuf {
    let base = if is_root() { "/opt" } else { "/var/lib" };
    PathBuf::from(base)
}

pub(crate) fn a_copy_lies_at_the_real_path_and_the_real_one_stays_as_it_is() {
    let copy = scratch();
    fs::write(copy.path().join("version"), "copy\n").unwrap();
    let live = live();
    let before: Vec<_> = names(&live);
    let spec = SpaceSpec {
        binds: vec![bind(copy.path(), &live)],
        ..SpaceSpec::default()
    };
    let space = Space::open(&spec).unwrap();
    let script = format!(
        "cd {0} && cat version && echo new > version && pwd",
        live.display()
    );
    assert_eq!(says(&space, &script), format!("copy\n{}", live.display()));
    assert_eq!(names(&live), before, "the real one is another");
    space.close().unwrap();
    assert_eq!(
        fs::read_to_string(copy.path().join("version")).unwrap(),
        "new\n"
    );
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&copy.path().display().to_string()));
}

fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

pub(crate) fn nothing_but_binds_and_fresh_directories_can_be_written() {
    let home = scratch();
    let other = scratch();
    let space = Space::open(&with(home.path())).unwrap();
    says(&space, &format!("echo x > {}/mine", home.path().display()));
    says(
        &space,
        "echo x > /tmp/x && echo x > /run/x && echo x > /dev/shm/x && echo x > /dev/null",
    );
    assert_eq!(
        says(&space, "ls /var/tmp /run/user 2>/dev/null; true"),
        "/var/tmp:"
    );
    let elsewhere = other.path().join("x");
    assert_eq!(
        says(
            &space,
            &format!("test -e {} || echo not there", other.path().display())
        ),
        "not there"
    );
    for path in [
        "/x",
        "/etc/x",
        "/usr/x",
        "/var/x",
        "/dev/x",
        "/sys/x",
        "/proc/sys/kernel/hostname",
    ] {
        let output = space.run(&sh(&format!("echo x > {path}"))).unwrap();
        assert!(!output.status.success(), "{path} was written");
        assert!(
            !Path::new(path).exists() || path.starts_with("/proc"),
            "{path}"
        );
    }
    assert_eq!(says(&space, "readlink /proc/self/fd/0"), "/dev/null");
    assert!(!elsewhere.exists());
    assert!(!Path::new("/tmp/x").exists());
    space.close().unwrap();
    assert!(home.path().join("mine").exists());
}

pub(crate) fn a_hidden_directory_is_empty_and_a_read_only_bind_is_read_only() {
    let home = scratch();
    let package = scratch();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(home.path().join(".ssh/key"), "secret").unwrap();
    fs::write(package.path().join("a"), "a\n").unwrap();
    fs::create_dir(home.path().join("package")).unwrap();
    let spec = SpaceSpec {
        binds: vec![
            // The wrong way round: what lies above must not cover what lies below.
            Bind {
                read_only: true,
                ..bind(package.path(), home.path().join("package"))
            },
            bind(home.path(), home.path()),
        ],
        hidden: vec![home.path().join(".ssh")],
        ..SpaceSpec::default()
    };
    let space = Space::open(&spec).unwrap();
    let at = home.path().display();
    assert_eq!(
        says(&space, &format!("ls -A {at}/.ssh; cat {at}/package/a")),
        "a"
    );
    for path in [".ssh/x", "package/x", "package/a"] {
        let output = space.run(&sh(&format!("echo x > {at}/{path}"))).unwrap();
        assert!(!output.status.success(), "{path} was written");
    }
}

pub(crate) fn a_target_that_is_not_there_is_refused_and_not_made() {
    let copy = scratch();
    let target = PathBuf::from("/usr/exuvia-is-not-here");
    let spec = SpaceSpec {
        binds: vec![bind(copy.path(), &target)],
        ..SpaceSpec::default()
    };
    let error = Space::open(&spec).unwrap_err();
    assert!(
        matches!(&error, SpaceError::NoTarget(path) if *path == target),
        "{error}"
    );
    assert!(!target.exists());
    let home = scratch();
    let mut spec = with(home.path());
    spec.binds
        .push(bind(copy.path(), home.path().join("below")));
    assert!(matches!(Space::open(&spec), Err(SpaceError::NoTarget(_))));
    assert!(
        !home.path().join("below").exists(),
        "a bind is the caller's own files"
    );
}

pub(crate) fn below_a_fresh_directory_a_target_is_made_inside_only() {
    let copy = scratch();
    fs::write(copy.path().join("a"), "a\n").unwrap();
    let target = PathBuf::from("/tmp/exuvia-below/deep");
    let spec = SpaceSpec {
        binds: vec![
            bind(copy.path(), &target),
            bind(copy.path().join("a"), "/run/exuvia/file"),
        ],
        fresh: vec![live()],
        ..SpaceSpec::default()
    };
    let space = Space::open(&spec).unwrap();
    let script = format!(
        "ls -A {}; cat {}/a /run/exuvia/file",
        live().display(),
        target.display()
    );
    assert_eq!(says(&space, &script), "a\na");
    assert!(!target.exists());
}

pub(crate) fn a_link_is_refused_wherever_it_lies_in_a_path() {
    let home = scratch();
    fs::create_dir_all(home.path().join("real/below")).unwrap();
    symlink("real", home.path().join("link")).unwrap();
    let link = home.path().join("link");
    for (source, target) in [
        (home.path().to_owned(), link.clone()),
        (home.path().to_owned(), link.join("below")),
        (link.clone(), home.path().join("real")),
    ] {
        let spec = SpaceSpec {
            binds: vec![bind(source, target)],
            ..SpaceSpec::default()
        };
        let error = Space::open(&spec).unwrap_err();
        assert!(
            matches!(&error, SpaceError::Link(path) if *path == link),
            "{error}"
        );
    }
    let up = home.path().join("real/../x");
    assert!(matches!(
        Space::open(&with(&up)),
        Err(SpaceError::NotPlain(_))
    ));
    let gone = home.path().join("gone");
    assert!(matches!(
        Space::open(&with(&gone)),
        Err(SpaceError::NoSource(_))
    ));
    let mut twice = with(home.path());
    twice.hidden.push(home.path().to_owned());
    assert!(matches!(Space::open(&twice), Err(SpaceError::Twice(_))));
}

pub(crate) fn root_inside_can_neither_mount_nor_make_devices_nor_order_the_kernel_about() {
    let home = scratch();
    let space = Space::open(&with(home.path())).unwrap();
    let at = home.path().display();
    for script in [
        "mount -o remount,rw /",
        "mount -o remount,bind,rw /",
        "mount -t tmpfs x /mnt",
        "umount /tmp",
        "umount -l /proc",
        &format!("mknod {at}/disk b 254 0 && head -c 1 {at}/disk"),
        "echo x > /proc/sysrq-trigger",
        "nsenter -t 1 -m true",
        "ls /proc/1/root/",
        "readlink /proc/1/fd/3",
        "head -c 1 /proc/1/environ",
        "unshare -Urm mount -o remount,bind,rw /",
        "unshare -Urm umount /tmp",
        "hostname exuvia",
    ] {
        let output = space
            .run(&sh(script))
            .unwrap_or_else(|e| panic!("{script}: {e}"));
        assert!(!output.status.success(), "{script}: {output:?}");
    }
    assert_eq!(
        says(&space, "grep NoNewPrivs /proc/self/status | cut -f2"),
        "1"
    );
    let held = says(&space, "grep CapEff /proc/self/status | cut -f2");
    let held = u64::from_str_radix(&held, 16).unwrap();
    let sys_admin = 1 << 21;
    assert_eq!(held & sys_admin, 0);
    assert_eq!(held == 0, !is_root(), "{held:x}");
    assert_eq!(
        says(&space, "ls /dev | tr '\\n' ' '"),
        "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    );
}
