//! Answers of earlier runs, by host.
//!
//! Small answers of one host share a file, because a thousand skills must not cost a thousand
//! files, each made durable; large ones have a file each. A file that cannot be read is a cache
//! that is empty.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exuvia_host::{Host, Links, read_limited};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::send::Validators;
use crate::hash::sha256_hex;

/// Larger answers are kept in a file of their own.
const SMALL: usize = 16 * 1024;
/// Larger answers are not kept at all.
const LARGE: usize = 4 << 20;
/// Largest file that is read.
const MAX_FILE: u64 = 32 << 20;
/// Answers that nobody asked for in this time are forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24 * 60);
/// An answer is used without asking again for this long.
const FRESH: Duration = Duration::from_mins(2);
const SHAPE: u32 = 1;

/// One answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) validators: Validators,
    /// When its source last gave or confirmed it.
    pub(super) fetched_at: Timestamp,
    /// What was made of it, as JSON.
    pub(super) value: String,
}

impl Entry {
    pub(super) fn new(
        validators: Validators,
        now: Timestamp,
        value: &impl Serialize,
    ) -> Option<Self> {
        // What cannot be written as JSON is not kept; its maker has it already.
        let value = serde_json::to_string(value).ok()?;
        Some(Self {
            validators,
            fetched_at: now,
            value,
        })
    }
}

pub(super) struct Cache {
    host: Arc<dyn Host>,
    directory: PathBuf,
    shelves: Mutex<HashMap<String, Shelf>>,
    /// When an answer was given or confirmed in this run, by the host's `elapsed`.
    confirmed: Mutex<HashMap<String, Duration>>,
}

/// The small answers of one host, and those of the large ones that were used in this run.
#[derive(Default)]
struct Shelf {
    small: HashMap<String, Entry>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct File {
    shape: u32,
    entries: HashMap<String, Entry>,
}

impl Cache {
    pub(super) fn new(host: Arc<dyn Host>, directory: PathBuf) -> Self {
        Self {
            host,
            directory,
            shelves: Mutex::new(HashMap::new()),
            confirmed: Mutex::new(HashMap::new()),
        }
    }

    pub(super) fn get(&self, url: &Url, key: &str) -> Option<Entry> {
        let small = self.on_shelf(url, |shelf| shelf.small.get(key).cloned());
        small.or_else(|| self.read_large(key))
    }

    /// Whether an answer was given or confirmed a moment ago: the stages of one check ask for
    /// the same documents, and ten megabytes need not come three times.
    pub(super) fn is_fresh(&self, key: &str) -> bool {
        let now = self.host.elapsed();
        let confirmed = self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        confirmed
            .get(key)
            .is_some_and(|at| now.saturating_sub(*at) < FRESH)
    }

    fn note_fresh(&self, key: &str) {
        let now = self.host.elapsed();
        let mut confirmed = self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        confirmed.insert(key.to_owned(), now);
    }

    pub(super) fn put(&self, url: &Url, key: String, entry: Option<Entry>) {
        let Some(entry) = entry else { return };
        self.note_fresh(&key);
        if entry.value.len() > LARGE {
            return;
        }
        if entry.value.len() > SMALL {
            self.write_large(&key, entry);
            return;
        }
        self.on_shelf(url, |shelf| {
            shelf.small.insert(key, entry);
            shelf.changed = true;
        });
    }

    /// Notes that an answer still holds.
    pub(super) fn confirm(&self, url: &Url, key: &str, now: Timestamp) {
        self.note_fresh(key);
        let is_small = self.on_shelf(url, |shelf| {
            let entry = shelf.small.get_mut(key);
            shelf.changed |= entry.is_some();
            entry.map(|entry| entry.fetched_at = now).is_some()
        });
        if !is_small && let Some(mut entry) = self.read_large(key) {
            entry.fetched_at = now;
            self.write_large(key, entry);
        }
    }

    pub(super) fn flush(&self, now: Timestamp) {
        let mut shelves = self.shelves();
        for (name, shelf) in shelves.iter_mut().filter(|(_, shelf)| shelf.changed) {
            shelf
                .small
                .retain(|_, entry| now.duration_since(entry.fetched_at) < FORGOTTEN);
            let file = File {
                shape: SHAPE,
                entries: std::mem::take(&mut shelf.small),
            };
            self.write(name, &file);
            shelf.small = file.entries;
            shelf.changed = false;
        }
    }

    fn on_shelf<T>(&self, url: &Url, work: impl FnOnce(&mut Shelf) -> T) -> T {
        let name = sha256_hex(url.origin().ascii_serialization().as_bytes());
        let name: String = name.chars().take(32).collect();
        let mut all = self.shelves();
        let one = all.entry(name).or_insert_with_key(|name| Shelf {
            small: self.read(name).unwrap_or_default(),
            changed: false,
        });
        work(one)
    }

    fn read_large(&self, key: &str) -> Option<Entry> {
        self.read(key)?.remove(key)
    }

    fn write_large(&self, key: &str, entry: Entry) {
        let entries = HashMap::from([(key.to_owned(), entry)]);
        self.write(
            key,
            &File {
                shape: SHAPE,
                entries,
            },
        );
    }

    fn read(&self, name: &str) -> Option<HashMap<String, Entry>> {
        let path = self.directory.join(format!("{name}.json"));
        let bytes = read_limited(self.host.as_ref(), &path, MAX_FILE, Links::Refuse).ok()?;
        let file: File = serde_json::from_slice(&bytes).ok()?;
        (file.shape == SHAPE).then_some(file.entries)
    }

    /// A cache that cannot be written costs the next run some time; that is no reason to fail.
    fn write(&self, name: &str, file: &File) {
        let path = self.directory.join(format!("{name}.json"));
        if let Ok(bytes) = serde_json::to_vec(file)
            && self.host.create_private_dir(&self.directory).is_ok()
        {
            let _ = self.host.write_atomic(&path, &bytes, 0o600);
        }
    }

    fn shelves(&self) -> MutexGuard<'_, HashMap<String, Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
