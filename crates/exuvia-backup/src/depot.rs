//! A storage as `rustic_core` wants it, and what rustic does not do itself: everything read is
//! compared with its name, a failure is remembered though rustic only logs it, and a backup is not
//! published before everything that it needs is known to be there.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::digest::{SHA256, digest};
use rustic_core::{
    BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};

use crate::storage::{Kind, Name, Storage, StorageError, Trouble};

/// What rustic reads from and writes to.
#[derive(Debug)]
pub(crate) struct Depot {
    storage: Arc<dyn Storage>,
    state: Mutex<State>,
    uploaded: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// The first thing that went wrong.
    failure: Option<String>,
    /// What makes packs count, kept back while it is to be withheld.
    withheld: Option<Withheld>,
    /// Parts of packs that are at hand.
    windows: HashMap<Name, Vec<Window>>,
    /// Only these packs are listed, and no index, while this is set.
    only_packs: Option<Vec<(Name, u64)>>,
}

/// What a push wrote, and what it has not published yet.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    /// Packs that were written, with their sizes.
    pub(crate) packs: Vec<(Name, u64)>,
    /// What tells what is in them.
    pub(crate) indexes: Vec<(Name, Bytes)>,
    /// The backups.
    pub(crate) backups: Vec<(Name, Bytes)>,
}

#[derive(Debug, Clone)]
struct Window {
    start: u64,
    content: Bytes,
}

impl Depot {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            state: Mutex::default(),
            uploaded: AtomicU64::new(0),
        }
    }

    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// How many bytes were written so far.
    pub(crate) fn uploaded(&self) -> u64 {
        self.uploaded.load(Ordering::Relaxed)
    }

    /// Remembers what went wrong: the first is the one to tell.
    pub(crate) fn fail(&self, why: String) {
        self.state().failure.get_or_insert(why);
    }

    /// What went wrong since this was asked last.
    pub(crate) fn take_failure(&self) -> Option<String> {
        self.state().failure.take()
    }

    /// From now on indexes and backups are not written but kept back.
    pub(crate) fn withhold(&self) {
        self.state().withheld = Some(Withheld::default());
    }

    /// Ends that, with what was kept back.
    pub(crate) fn release(&self) -> Withheld {
        self.state().withheld.take().unwrap_or_default()
    }

    /// Shows rustic only these packs and no index; `None` shows everything again.
    pub(crate) fn show_only(&self, packs: Option<Vec<(Name, u64)>>) {
        self.state().only_packs = packs;
    }

    /// Reads a part of a pack and keeps it at hand.
    pub(crate) fn bring(&self, pack: &Name, range: Range<u64>) -> Result<(), StorageError> {
        let start = range.start;
        let content = self.read(pack, Some(range))?;
        let window = Window { start, content };
        let mut state = self.state();
        state.windows.entry(pack.clone()).or_default().push(window);
        Ok(())
    }

    /// Lets a part of a pack go.
    pub(crate) fn let_go(&self, pack: &Name, start: u64) {
        if let Some(windows) = self.state().windows.get_mut(pack) {
            windows.retain(|window| window.start != start);
        }
    }

    /// Lets all parts of packs go.
    pub(crate) fn let_all_go(&self) {
        self.state().windows.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_hand(&self, pack: &Name, range: &Range<u64>) -> Option<Bytes> {
        let state = self.state();
        state.windows.get(pack)?.iter().find_map(|window| {
            let start = usize::try_from(range.start.checked_sub(window.start)?).ok()?;
            let len = usize::try_from(range.end - range.start).ok()?;
            let end = start.checked_add(len)?;
            (end <= window.content.len()).then(|| window.content.slice(start..end))
        })
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        if let Some(range) = &range
            && let Some(content) = self.at_hand(name, range)
        {
            return Ok(content);
        }
        let expected = range.as_ref().map(|range| range.end - range.start);
        let content = self.storage.read(name, range)?;
        let why = match expected {
            Some(len) if content.len() as u64 != len => "it is shorter than it should be",
            None if name.kind() != Kind::Config && !is_named_after(name, &content) => {
                "it is not what was written"
            }
            _ => return Ok(content),
        };
        Err(self.damaged(name, why))
    }

    fn damaged(&self, name: &Name, why: &str) -> StorageError {
        StorageError {
            what: format!("use {name}"),
            at: self.storage.address().to_owned(),
            why: why.to_owned(),
            trouble: Trouble::Lasting,
        }
    }

    fn write(&self, name: Name, content: Bytes) -> Result<(), StorageError> {
        if let Some(withheld) = &mut self.state().withheld {
            match name.kind() {
                Kind::Index => {
                    withheld.indexes.push((name, content));
                    return Ok(());
                }
                Kind::Snapshots => {
                    withheld.backups.push((name, content));
                    return Ok(());
                }
                Kind::Data => withheld.packs.push((name.clone(), content.len() as u64)),
                Kind::Config | Kind::Keys | Kind::Locks => {}
            }
        }
        self.publish(&name, content)
    }

    /// Writes a file, whether anything is to be withheld or not.
    pub(crate) fn publish(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        let len = content.len() as u64;
        self.storage.write(name, content)?;
        self.uploaded.fetch_add(len, Ordering::Relaxed);
        Ok(())
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        let shown = self.state().only_packs.clone();
        match (shown, kind) {
            (Some(packs), Kind::Data) => Ok(packs),
            (Some(_), Kind::Index) => Ok(Vec::new()),
            (_, Kind::Config) => {
                let name = Name::config();
                let size = self.storage.size(&name)?;
                Ok(size.map(|size| (name, size)).into_iter().collect())
            }
            _ => self.storage.list(kind),
        }
    }

    /// Remembers an error and hands it on.
    fn tell<T>(&self, result: Result<T, StorageError>) -> RusticResult<T> {
        result.map_err(|error| {
            self.fail(error.to_string());
            RusticError::with_source(ErrorKind::Backend, error.to_string(), error)
        })
    }
}

/// The name that the storage has for a file.
fn name_of(kind: FileType, id: &Id) -> Name {
    match kind_of(kind) {
        Kind::Config => Name::config(),
        kind => Name::parse(kind, id.to_hex().as_str()).unwrap_or_else(Name::config),
    }
}

fn is_named_after(name: &Name, content: &[u8]) -> bool {
    hex(digest(&SHA256, content).as_ref()) == name.id()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::Config => Kind::Config,
        FileType::Index => Kind::Index,
        FileType::Key => Kind::Keys,
        FileType::Snapshot => Kind::Snapshots,
        FileType::Pack => Kind::Data,
    }
}

impl ReadBackend for Depot {
    fn location(&self) -> String {
        self.storage.address().to_owned()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let listed = self.tell(self.list(kind_of(kind)))?;
        let mut found = Vec::with_capacity(listed.len());
        for (name, size) in listed {
            let id = match name.kind() {
                Kind::Config => Id::default(),
                _ => name.id().parse()?,
            };
            // Nothing in a repository is that large; what claims to be is looked at as such.
            found.push((id, u32::try_from(size).unwrap_or(u32::MAX)));
        }
        Ok(found)
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        let name = name_of(kind, id);
        self.tell(self.read(&name, None))
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let range = u64::from(offset)..u64::from(offset) + u64::from(length);
        self.tell(self.read(&name_of(kind, id), Some(range)))
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        name_of(kind, id).path()
    }
}

impl WriteBackend for Depot {
    fn create(&self) -> RusticResult<()> {
        self.tell(self.storage.create())
    }

    fn write_bytes(
        &self,
        kind: FileType,
        id: &Id,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        let name = name_of(kind, id);
        self.tell(self.write(name, joined(content)))
    }

    fn remove(&self, kind: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        self.tell(self.storage.remove(&name_of(kind, id)))
    }
}

fn joined(content: BytesList) -> Bytes {
    let mut parts = content.into_vec();
    match parts.len() {
        1 => parts.pop().unwrap_or_default(),
        _ => parts.concat().into(),
    }
}
