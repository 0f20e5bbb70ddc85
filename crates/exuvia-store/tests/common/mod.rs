//! Trees to take snapshots of, and what to compare of them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::SystemHost;
use exuvia_host::disk::{Dir, Disk, FileTime, Kind};
use exuvia_host::testing::Faults;
use exuvia_store::{Opened, RestoreOptions, Snapshot, SnapshotOptions, Store};
use proptest::prelude::*;

/// A store and a tree, in a directory that goes with them.
pub struct Lab {
    pub directory: tempfile::TempDir,
    pub store: Store<Opened>,
}

impl Lab {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("tree")).unwrap();
        let store = open(&directory.path().join("store"));
        Self { directory, store }
    }

    pub fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn snapshot(&self) -> Snapshot {
        self.store
            .snapshot(&self.tree(), SnapshotOptions::default())
            .unwrap()
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.tree().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Restores into a new directory, and tells what is there then.
    pub fn fresh(&self, snapshot: &Snapshot) -> Facts {
        let target = tempfile::tempdir_in(self.directory.path()).unwrap();
        self.store.restore_into(snapshot, target.path()).unwrap();
        facts(target.path())
    }

    pub fn in_place(&self, snapshot: &Snapshot) -> Facts {
        self.store
            .restore_in_place(snapshot, &self.tree(), RestoreOptions::default())
            .unwrap();
        facts(&self.tree())
    }
}

/// Opens or makes a store on the real machine.
pub fn open(root: &Path) -> Store<Opened> {
    Store::at(Arc::new(SystemHost::new()), Disk::new(), root)
        .open_or_create()
        .unwrap()
}

/// A store on a machine with faults.
pub fn open_faulty(root: &Path, faults: &Arc<Faults>) -> Store<Opened> {
    let host = SystemHost::with_points(faults.clone());
    Store::at(Arc::new(host), Disk::with_points(faults.clone()), root)
        .open_or_create()
        .unwrap()
}

/// All that a restore must give back of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    kind: Kind,
    mode: u32,
    owner: (u32, u32),
    modified: FileTime,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// A file's content, by digest, and where it has holes; a link's target.
    content: String,
    /// The first path that is the same file.
    same_as: PathBuf,
}

/// All paths of a tree, sockets and pipes left out.
pub type Facts = BTreeMap<PathBuf, Fact>;

/// Looks at a tree.
pub fn facts(root: &Path) -> Facts {
    let dir = Disk::new().open_dir(root).unwrap();
    let mut facts = Facts::new();
    let mut first = BTreeMap::new();
    let stat = dir.stat_self().unwrap();
    let own = Fact {
        kind: stat.kind,
        mode: stat.mode,
        owner: (stat.uid, stat.gid),
        modified: stat.modified,
        xattrs: dir.as_file().unwrap().xattrs().unwrap(),
        content: String::new(),
        same_as: PathBuf::new(),
    };
    facts.insert(PathBuf::new(), own);
    visit(&dir, Path::new(""), &mut facts, &mut first);
    facts
}

fn visit(dir: &Dir, path: &Path, facts: &mut Facts, first: &mut BTreeMap<u64, PathBuf>) {
    for listed in dir.list().unwrap().iter() {
        let (stat, path) = (listed.stat, path.join(listed.name));
        let (content, xattrs) = match stat.kind {
            Kind::Directory => {
                let below = dir.open_dir(listed.name).unwrap();
                visit(&below, &path, facts, first);
                (String::new(), below.as_file().unwrap().xattrs().unwrap())
            }
            Kind::Symlink => {
                let target = dir.read_link(listed.name).unwrap();
                (format!("{target:?}"), Vec::new())
            }
            Kind::File => {
                let file = dir.open_file(listed.name).unwrap();
                (content(&file, stat.size), file.xattrs().unwrap())
            }
            Kind::Socket | Kind::Fifo | Kind::Device => continue,
        };
        let same_as = match stat.kind {
            Kind::File => first
                .entry(stat.inode)
                .or_insert_with(|| path.clone())
                .clone(),
            _ => path.clone(),
        };
        let fact = Fact {
            kind: stat.kind,
            mode: stat.mode,
            owner: (stat.uid, stat.gid),
            modified: stat.modified,
            xattrs,
            content,
            same_as,
        };
        facts.insert(path, fact);
    }
}

fn content(file: &exuvia_host::disk::File, size: u64) -> String {
    let mut bytes = vec![0; usize::try_from(size).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let digest = blake3::hash(&bytes).to_hex();
    let mut text = format!("{size} bytes {}", &digest[..16]);
    // Small holes may come and go; only what is worth keeping is compared.
    let mut at = 0;
    while let Some(extent) = file.next_extent(at).unwrap() {
        if extent.start - at >= 64 << 10 {
            write!(text, " hole {at}..{}", extent.start).unwrap();
        }
        at = extent.end;
    }
    text
}

/// Tells in one line each what is not the same; nothing when all is.
pub fn difference(left: &Facts, right: &Facts) -> String {
    let mut lines = Vec::new();
    for path in left.keys().chain(right.keys()) {
        if left.get(path) != right.get(path) {
            lines.push(format!(
                "{}: {:?}\n   {:?}",
                path.display(),
                left.get(path),
                right.get(path)
            ));
        }
    }
    lines.dedup();
    lines.join("\n")
}

/// Panics with what differs.
#[track_caller]
pub fn assert_same(actual: &Facts, expected: &Facts) {
    let difference = difference(actual, expected);
    assert!(difference.is_empty(), "{difference}");
}

/// Something that happens to a tree.
#[derive(Debug, Clone)]
pub enum Step {
    Write { at: Name, size: usize, seed: u64 },
    Patch { at: Name, offset: u64 },
    Sparse { at: Name, holes: u64 },
    MakeDir { at: Name },
    Symlink { at: Name, target: Name },
    HardLink { at: Name, of: Name },
    Rename { from: Name, to: Name },
    Remove { at: Name },
    Mode { at: Name, mode: u32 },
    Owner { at: Name, uid: u32 },
    Modified { at: Name, seconds: i64, nanos: u32 },
    Xattr { at: Name, value: u8 },
    Fifo { at: Name },
}

/// A path in the tree.
pub type Name = PathBuf;

fn name() -> impl Strategy<Value = Name> {
    let parts = [
        &b"a"[..],
        b"b",
        b"a.txt",
        b"\xff\xfe",
        "宁可不升".as_bytes(),
        b"-x",
        b" ",
        b"db.sqlite-wal",
        b"db.sqlite",
    ];
    let part = proptest::sample::select(
        parts
            .map(|part| OsStr::from_bytes(part).to_owned())
            .to_vec(),
    );
    proptest::collection::vec(part, 1..4).prop_map(|parts: Vec<OsString>| parts.iter().collect())
}

/// What happens to a tree in a while.
pub fn steps(range: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![
        8 => 0_usize..5000,
        2 => 60_000_usize..140_000,
        1 => 500_000_usize..2_000_000,
    ];
    let step = prop_oneof![
        6 => (name(), size, 0_u64..6).prop_map(|(at, size, seed)| Step::Write { at, size, seed }),
        3 => (name(), 0_u64..100_000).prop_map(|(at, offset)| Step::Patch { at, offset }),
        1 => (name(), 1_u64..20).prop_map(|(at, holes)| Step::Sparse { at, holes }),
        5 => name().prop_map(|at| Step::MakeDir { at }),
        2 => (name(), name()).prop_map(|(at, target)| Step::Symlink { at, target }),
        3 => (name(), name()).prop_map(|(at, of)| Step::HardLink { at, of }),
        2 => (name(), name()).prop_map(|(from, to)| Step::Rename { from, to }),
        2 => name().prop_map(|at| Step::Remove { at }),
        2 => (name(), 0_u32..0o7777).prop_map(|(at, mode)| Step::Mode { at, mode }),
        1 => (name(), 0_u32..3).prop_map(|(at, uid)| Step::Owner { at, uid }),
        2 => (name(), -9_i64..2_000_000_000, 0_u32..999_999_999)
            .prop_map(|(at, seconds, nanos)| Step::Modified { at, seconds, nanos }),
        2 => (name(), 0_u8..9).prop_map(|(at, value)| Step::Xattr { at, value }),
        1 => name().prop_map(|at| Step::Fifo { at }),
    ];
    proptest::collection::vec(step, range)
}

/// Lets them happen. Many are impossible where they are tried, and then nothing happens.
pub fn happen(root: &Path, steps: &[Step]) {
    for step in steps {
        let _ = one(root, step);
    }
}

fn one(root: &Path, step: &Step) -> std::io::Result<()> {
    match step {
        Step::Write { at, size, seed } => {
            no_link(&root.join(at))?;
            fs::write(root.join(at), noise(*size, *seed))
        }
        Step::Patch { at, offset } => {
            no_link(&root.join(at))?;
            let file = fs::OpenOptions::new().write(true).open(root.join(at))?;
            file.write_all_at(b"patched", *offset)
        }
        Step::Sparse { at, holes } => {
            no_link(&root.join(at))?;
            let file = fs::File::create(root.join(at))?;
            for hole in 0..*holes {
                file.write_all_at(&noise(5000, hole), hole * 300_000 + 200_000)?;
            }
            file.set_len(holes * 300_000 + 100_000)
        }
        Step::MakeDir { at } => fs::create_dir_all(root.join(at)),
        Step::Symlink { at, target } => symlink(target, root.join(at)),
        Step::HardLink { at, of } => fs::hard_link(root.join(of), root.join(at)),
        Step::Rename { from, to } => fs::rename(root.join(from), root.join(to)),
        Step::Remove { at } => {
            let path = root.join(at);
            if fs::symlink_metadata(&path)?.is_dir() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            }
        }
        Step::Mode { at, mode } => {
            no_link(&root.join(at))?;
            fs::set_permissions(root.join(at), fs::Permissions::from_mode(*mode))
        }
        Step::Owner { at, uid } => std::os::unix::fs::lchown(root.join(at), Some(*uid), None),
        Step::Modified { at, seconds, nanos } => {
            let (dir, name) = parent(root, at);
            let time = FileTime {
                seconds: *seconds,
                nanos: *nanos,
            };
            dir?.set_modified(&name, time)
                .map_err(std::io::Error::other)
        }
        Step::Xattr { at, value } => {
            let (dir, name) = parent(root, at);
            let file = match dir {
                Ok(dir) => match dir.open_dir(&name) {
                    Ok(dir) => dir.as_file(),
                    Err(_) => dir.open_file(&name),
                },
                Err(error) => return Err(error),
            };
            let file = file.map_err(std::io::Error::other)?;
            let key = format!("user.{}", value % 3);
            match value % 4 {
                0 => file.remove_xattr(key.as_bytes()),
                _ => file.set_xattr(key.as_bytes(), &[*value]),
            }
            .map_err(std::io::Error::other)
        }
        Step::Fifo { at } => {
            let status = std::process::Command::new("mkfifo")
                .arg(root.join(at))
                .stderr(std::process::Stdio::null())
                .status()?;
            status
                .success()
                .then_some(())
                .ok_or(std::io::ErrorKind::Other.into())
        }
    }
}

fn parent(root: &Path, at: &Path) -> (std::io::Result<Dir>, OsString) {
    let path = root.join(at);
    let dir = Disk::new().open_dir(path.parent().unwrap());
    (
        dir.map_err(std::io::Error::other),
        path.file_name().unwrap().to_owned(),
    )
}

/// Writing through a link would leave the tree, and a pipe would wait for ever.
fn no_link(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => Err(std::io::ErrorKind::Other.into()),
        _ => Ok(()),
    }
}

/// Bytes that do not compress.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
