//! The names of one directory, with what `lstat` says of each.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Stat;

/// Names and stats, sorted by the names' bytes. The names lie in one buffer.
#[derive(Debug, Default)]
pub struct Listing {
    names: Vec<u8>,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    begin: usize,
    end: usize,
    stat: Stat,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The name.
    pub name: &'a OsStr,
    /// What it is.
    pub stat: &'a Stat,
}

impl Listing {
    pub(super) fn push(&mut self, name: &[u8], stat: Stat) {
        let begin = self.names.len();
        self.names.extend_from_slice(name);
        let end = self.names.len();
        self.items.push(Item { begin, end, stat });
    }

    pub(super) fn sort(&mut self) {
        let names = &self.names;
        let name = |item: &Item| names.get(item.begin..item.end).unwrap_or_default();
        self.items.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Listed<'_>> {
        self.items.iter().map(|item| Listed {
            name: OsStr::from_bytes(self.names.get(item.begin..item.end).unwrap_or_default()),
            stat: &item.stat,
        })
    }

    /// The one of this name.
    pub fn get(&self, name: &OsStr) -> Option<&Stat> {
        let names = &self.names;
        let at = self
            .items
            .binary_search_by(|item| {
                let other = names.get(item.begin..item.end).unwrap_or_default();
                other.cmp(name.as_bytes())
            })
            .ok()?;
        self.items.get(at).map(|item| &item.stat)
    }
}
