//! Repositories that were made to do harm.

use std::ffi::OsStr;
use std::io::Cursor;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use exuvia_backup::BackupError;
use rustic_core::repofile::{Metadata, Node, NodeType, SnapshotFile};
use rustic_core::{
    BackupOptions, BytesList, Credentials, FileType, Id, ReadBackend, ReadSource, ReadSourceEntry,
    Repository, RepositoryBackends, RepositoryOptions, RusticResult, WriteBackend,
};

use crate::lab::{Lab, PASSWORD};

/// The plainest of backends, on a directory.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn path(&self, kind: FileType, id: &Id) -> PathBuf {
        let id = id.to_hex();
        match kind {
            FileType::Config => self.0.join("config"),
            FileType::Pack => self
                .0
                .join("data")
                .join(&id.as_str()[..2])
                .join(id.as_str()),
            _ => self.0.join(kind.dirname()).join(id.as_str()),
        }
    }
}

impl ReadBackend for Directory {
    fn location(&self) -> String {
        self.0.display().to_string()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        if kind == FileType::Config {
            return Ok(vec![(Id::default(), 1)]);
        }
        let mut found = Vec::new();
        let mut left = vec![self.0.join(kind.dirname())];
        while let Some(path) = left.pop() {
            for entry in std::fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    left.push(entry.path());
                } else {
                    let size = u32::try_from(entry.metadata().unwrap().len()).unwrap();
                    let id = entry.file_name().to_string_lossy().parse().unwrap();
                    found.push((id, size));
                }
            }
        }
        Ok(found)
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        Ok(std::fs::read(self.path(kind, id)).unwrap().into())
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let all = std::fs::read(self.path(kind, id)).unwrap();
        Ok(Bytes::copy_from_slice(
            &all[offset as usize..(offset + length) as usize],
        ))
    }

    fn warmup_path(&self, _kind: FileType, _id: &Id) -> String {
        String::new()
    }
}

impl WriteBackend for Directory {
    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        std::fs::write(self.path(kind, id), content.into_vec().concat()).unwrap();
        Ok(())
    }

    fn remove(&self, _kind: FileType, _id: &Id, _cacheable: bool) -> RusticResult<()> {
        Ok(())
    }
}

/// Nodes below the root, each with some bytes.
struct Nodes(Vec<Node>);

impl ReadSource for Nodes {
    type Open = Cursor<Vec<u8>>;
    type Iter = Box<dyn Iterator<Item = RusticResult<ReadSourceEntry<Self::Open>>> + Send>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Self::Iter {
        let entries = self.0.clone().into_iter().map(|node| {
            Ok(ReadSourceEntry {
                path: PathBuf::from("/placeholder"),
                node,
                open: Some(Cursor::new(b"escaped".to_vec())),
            })
        });
        Box::new(entries)
    }
}

/// A backup, in the repository of a lab, of nodes with names that nobody would give.
fn plant(lab: &Lab, nodes: Vec<Node>) {
    let backend: Arc<dyn WriteBackend> = Arc::new(Directory(lab.path("repository")));
    let mut options = RepositoryOptions::default();
    options.no_cache = true;
    let repository = Repository::new(&options, &RepositoryBackends::new(backend, None))
        .unwrap()
        .open(&Credentials::password(PASSWORD))
        .unwrap()
        .to_indexed_ids()
        .unwrap();
    let paths = [PathBuf::from("/placeholder")];
    repository
        .archive(
            &BackupOptions::default(),
            &Nodes(nodes),
            SnapshotFile::default(),
            &paths,
        )
        .unwrap();
}

fn file(name: &[u8]) -> Node {
    let metadata = Metadata {
        mode: Some(0o644),
        size: 7,
        ..Metadata::default()
    };
    Node::new_node(OsStr::from_bytes(name), NodeType::File, metadata)
}

#[test]
fn no_name_leads_out_of_the_directory_that_is_restored_to() {
    let long = vec![b'x'; 300];
    for name in [
        &b".."[..],
        b".",
        b"",
        b"../escaped",
        b"/tmp/escaped-by-a-hostile-backup",
        b"a/../../escaped",
        b"nul\0",
        &long,
    ] {
        let lab = Lab::new();
        let repository = lab.init();
        plant(&lab, vec![file(b"good"), file(name)]);
        let backup = repository.list().unwrap().remove(0);
        let target = lab.path("deep/er/target");
        let error = repository.restore_to(&backup, &target).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("nothing more was restored"),
            "{name:?}: {told}"
        );
        let there = std::fs::read_dir(&target).unwrap().count();
        assert_eq!(there, 0, "{name:?}: names are looked at before any is made");
        assert!(!Path::new("/tmp/escaped-by-a-hostile-backup").exists());
        assert!(!lab.path("deep/er/escaped").exists());
    }
}

#[test]
fn a_link_is_not_followed_by_what_comes_after_it() {
    let lab = Lab::new();
    let repository = lab.init();
    let outside = lab.path("outside");
    std::fs::create_dir(&outside).unwrap();
    let link = Node::new_node(
        OsStr::new("x"),
        NodeType::from_link(&outside),
        Metadata::default(),
    );
    plant(&lab, vec![link, file(b"x")]);
    let backup = repository.list().unwrap().remove(0);
    let error = repository.restore_to(&backup, &lab.path("target"));
    assert!(error.unwrap_err().to_string().contains("is there twice"));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn what_is_neither_file_nor_directory_nor_link_is_left_out_and_told() {
    let lab = Lab::new();
    let repository = lab.init();
    let device = Node::new_node(
        OsStr::new("null"),
        NodeType::Chardev { device: 259 },
        Metadata::default(),
    );
    plant(&lab, vec![file(b"good"), device]);
    let backup = repository.list().unwrap().remove(0);
    let restored = repository.restore_to(&backup, &lab.path("target")).unwrap();
    assert_eq!(restored.refused.len(), 1);
    assert_eq!(restored.refused[0].path, Path::new("null"));
    assert_eq!(std::fs::read(lab.path("target/good")).unwrap(), b"escaped");
}

#[test]
fn a_target_that_is_not_empty_or_a_link_is_refused() {
    let lab = Lab::new();
    lab.write("a", b"1");
    let repository = lab.init();
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let backup = repository.list().unwrap().remove(0);
    let error = repository.restore_to(&backup, &lab.tree()).unwrap_err();
    assert!(matches!(error, BackupError::BadTarget { .. }), "{error}");
    let empty = lab.path("empty");
    std::fs::create_dir(&empty).unwrap();
    std::os::unix::fs::symlink(&empty, lab.path("link")).unwrap();
    let error = repository
        .restore_to(&backup, &lab.path("link"))
        .unwrap_err();
    assert!(matches!(error, BackupError::BadTarget { .. }), "{error}");
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}
