//! What differs between two trees, told line by line or as a document.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::path::Path;

use exuvia_host::disk::FileTime;
use exuvia_store::{Aspects, Change, Entry, NodeKind};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::render::{self, Ink, Sheet};

/// So many files at the top are told by their names, more as one place.
const FEW: usize = 3;

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Added,
    Changed,
    Removed,
}

impl Fate {
    pub(super) fn of(change: &Change) -> Self {
        match (&change.before, &change.after) {
            (None, _) => Self::Added,
            (Some(_), None) => Self::Removed,
            (Some(_), Some(_)) => Self::Changed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }

    fn sign(self) -> (&'static str, Ink) {
        match self {
            Self::Added => ("+", Ink::Good),
            Self::Changed => ("~", Ink::Attention),
            Self::Removed => ("-", Ink::Bad),
        }
    }
}

/// How many paths were added, changed and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) added: u64,
    pub(super) changed: u64,
    pub(super) removed: u64,
}

impl Counts {
    pub(super) fn of<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let mut counts = Self::default();
        for change in changes {
            match Fate::of(change) {
                Fate::Added => counts.added += 1,
                Fate::Changed => counts.changed += 1,
                Fate::Removed => counts.removed += 1,
            }
        }
        counts
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            added: sum.added + one.added,
            changed: sum.changed + one.changed,
            removed: sum.removed + one.removed,
        })
    }
}

/// Whether all that moved is the time of a directory, as it does when something in it changed.
pub(super) fn is_mere_touch(change: &Change) -> bool {
    let only_time = Aspects {
        modified: true,
        ..Aspects::default()
    };
    let is_directory = |entry: &Entry| entry.borrow().kind() == NodeKind::Directory;
    change.aspects == only_time && change.after.as_ref().is_some_and(is_directory)
}

/// A line for a person: a sign, the path, and what is different.
pub(super) fn line(change: &Change, sheet: &Sheet) -> String {
    let (sign, ink) = Fate::of(change).sign();
    let path = sheet.ink(ink, format!("{sign} {}", path(&change.path)));
    let detail = match (&change.before, &change.after) {
        (Some(before), Some(after)) => differences(before, after, change.aspects),
        (Some(one), None) | (None, Some(one)) => what(one),
        (None, None) => String::new(),
    };
    if detail.is_empty() {
        path
    } else {
        format!("{path}  {}", sheet.ink(Ink::Dim, detail))
    }
}

/// A path in a tree, as a terminal may show it.
pub(super) fn path(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        render::path(path)
    }
}

/// What something is: `1.2 MB`, `directory`, `link to x`.
fn what(entry: &Entry) -> String {
    let entry = entry.borrow();
    match entry.kind() {
        NodeKind::Directory => "directory".to_owned(),
        NodeKind::Symlink => format!(
            "link to {}",
            render::line(&entry.target().to_string_lossy())
        ),
        NodeKind::File(_) => render::bytes(entry.meta().size),
    }
}

/// In what two entries of one path differ.
fn differences(before: &Entry, after: &Entry, aspects: Aspects) -> String {
    let (old, new) = (before.borrow(), after.borrow());
    let mut told = Vec::new();
    if aspects.kind {
        told.push(format!("{} → {}", what(before), what(after)));
    }
    if aspects.content {
        told.push(match (what(before), what(after)) {
            (was, is) if was == is => format!("content, {is}"),
            (was, is) => format!("content, {was} → {is}"),
        });
    }
    if aspects.mode {
        told.push(format!(
            "mode {:o} → {:o}",
            old.meta().mode,
            new.meta().mode
        ));
    }
    if aspects.owner {
        let owner = |entry: &exuvia_store::EntryRef<'_>| {
            format!("{}:{}", entry.meta().uid, entry.meta().gid)
        };
        told.push(format!("owner {} → {}", owner(&old), owner(&new)));
    }
    if aspects.xattrs {
        told.push("attributes".to_owned());
    }
    if aspects.links {
        told.push("hard links".to_owned());
    }
    // Whatever else moved, the time did too: it is told only when it is all there is.
    if aspects.modified && told.is_empty() {
        told.push("time".to_owned());
    }
    told.join(", ")
}

/// A change as a document.
pub(super) fn document(change: &Change) -> Value {
    json!({
        "path": exuvia_store::escaped(&change.path),
        "kind": Fate::of(change).word(),
        "aspects": aspects(change.aspects),
        "before": change.before.as_ref().map(entry),
        "after": change.after.as_ref().map(entry),
    })
}

fn aspects(aspects: Aspects) -> Vec<&'static str> {
    [
        (aspects.kind, "kind"),
        (aspects.content, "content"),
        (aspects.mode, "mode"),
        (aspects.owner, "owner"),
        (aspects.modified, "modified"),
        (aspects.xattrs, "xattrs"),
        (aspects.links, "links"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect()
}

/// What is known of one entry, as a document.
pub(super) fn entry(entry: &Entry) -> Value {
    let entry = entry.borrow();
    let meta = entry.meta();
    let mut document = json!({
        "type": match entry.kind() {
            NodeKind::Directory => "directory",
            NodeKind::Symlink => "symlink",
            NodeKind::File(_) => "file",
        },
        "mode": format!("{:04o}", meta.mode),
        "uid": meta.uid,
        "gid": meta.gid,
        "modifiedAt": timestamp(meta.modified),
    });
    if let Some(fields) = document.as_object_mut() {
        if entry.kind().is_file() {
            fields.insert("size".to_owned(), meta.size.into());
        }
        if entry.kind() == NodeKind::Symlink {
            let target = exuvia_store::escaped(Path::new(entry.target()));
            fields.insert("target".to_owned(), target.into());
        }
    }
    document
}

fn timestamp(time: FileTime) -> Option<Timestamp> {
    Timestamp::new(time.seconds, i32::try_from(time.nanos).ok()?).ok()
}

/// A line of a listing: mode, size, time, path.
pub(super) fn listed(path: &Path, entry: &Entry, sheet: &Sheet) -> String {
    let borrowed = entry.borrow();
    let meta = borrowed.meta();
    let (sign, size) = match borrowed.kind() {
        NodeKind::Directory => ('d', String::new()),
        NodeKind::Symlink => ('l', String::new()),
        NodeKind::File(_) => ('-', render::bytes(meta.size)),
    };
    let time = timestamp(meta.modified).map(|at| render::moment(at, sheet.offset));
    let target = match borrowed.kind() {
        NodeKind::Symlink => format!(" -> {}", render::line(&borrowed.target().to_string_lossy())),
        _ => String::new(),
    };
    let aside = format!(
        "{sign}{:04o} {size:>7} {}",
        meta.mode,
        time.unwrap_or_default()
    );
    format!(
        "{}  {}{target}",
        sheet.ink(Ink::Dim, aside),
        self::path(path)
    )
}

/// Whether it is a file that lies in no directory of the tree.
fn is_at_the_top(change: &Change) -> bool {
    let is_directory = |entry: &Entry| entry.borrow().kind() == NodeKind::Directory;
    change.path.iter().count() == 1 && !change.after.iter().chain(&change.before).any(is_directory)
}

/// The changes by the place that they are in, the largest group first.
pub(super) fn groups<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Vec<(String, Counts)> {
    let changes: Vec<&Change> = changes.into_iter().collect();
    let at_the_top = changes
        .iter()
        .filter(|change| is_at_the_top(change))
        .count();
    let mut places: BTreeMap<String, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        let place = if at_the_top > FEW && is_at_the_top(change) {
            "files at the top".to_owned()
        } else {
            place(change)
        };
        places.entry(place).or_default().push(change);
    }
    let mut groups: Vec<(String, Counts)> = places
        .into_iter()
        .map(|(place, changes)| (place, Counts::of(changes)))
        .collect();
    groups.sort_by_key(|(_, counts)| {
        std::cmp::Reverse(counts.added + counts.changed + counts.removed)
    });
    groups
}

/// The first part of a path, and the second where the first says little: `agents/main`.
fn place(change: &Change) -> String {
    const SAYS_LITTLE: [&str; 6] = ["agents", "extensions", "git", "npm", "skills", "workspace"];
    let mut parts = change.path.iter();
    let Some(first) = parts.next() else {
        return ".".to_owned();
    };
    let says_little = SAYS_LITTLE.iter().any(|name| first == *name);
    let second = parts.next().filter(|_| says_little);
    let place = second.map_or_else(
        || Path::new(first).into(),
        |second| Path::new(first).join(second),
    );
    render::path(&place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_deep_as_they_say_something() {
        let change = |path: &str| Change {
            path: path.into(),
            before: None,
            after: None,
            aspects: Aspects::default(),
        };
        for (path, expected) in [
            ("agents/main/agent/x.sqlite", "agents/main"),
            ("state/openclaw.sqlite", "state"),
            ("openclaw.json", "openclaw.json"),
            ("", "."),
        ] {
            assert_eq!(place(&change(path)), expected);
        }
        let few: Vec<Change> = ["a", "b", "c"].map(change).into();
        assert_eq!(groups(&few).len(), 3);
        let many: Vec<Change> = ["a", "b", "c", "d", "state/x"].map(change).into();
        let named: Vec<String> = groups(&many).into_iter().map(|(place, _)| place).collect();
        assert_eq!(named, ["files at the top", "state"]);
    }
}
