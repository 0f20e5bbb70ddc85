//! What the user changed in a skill, carried over to another version of it.
//!
//! A three-way merge, file by file: what only one side changed is taken from that side, text that
//! both changed is merged line by line, and all else is a conflict. Nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

/// A file, or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// Its content, where it is small enough to be merged.
    pub(super) content: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File { sha256: [u8; 32], executable: bool },
    Link { target: String },
}

/// The files of a tree by their paths.
pub(super) type Items = BTreeMap<String, Item>;

/// Where a file of the outcome comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The new version.
    Offered,
    /// What is installed.
    Own,
    /// Both, line by line.
    Both(Vec<u8>),
}

/// What comes of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) files: BTreeMap<String, Source>,
    /// Paths that the user changed and that stay so.
    pub(super) kept: BTreeSet<String>,
    pub(super) conflicts: Vec<Conflict>,
}

/// A file that somebody must look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {why}")]
pub(super) struct Conflict {
    pub(super) path: String,
    why: &'static str,
}

/// Merges what became of `base` in `own` and in `offered`.
pub(super) fn merge(base: &Items, own: &Items, offered: &Items) -> Merged {
    let paths: BTreeSet<&String> = [base, own, offered]
        .into_iter()
        .flat_map(BTreeMap::keys)
        .collect();
    let mut merged = Merged::default();
    for path in paths {
        let (b, o, t) = (base.get(path), own.get(path), offered.get(path));
        match one(b, o, t) {
            Ok(source) => {
                if !is_same(b, o) && !is_same(o, t) {
                    merged.kept.insert(path.clone());
                }
                merged
                    .files
                    .extend(source.map(|source| (path.clone(), source)));
            }
            Err(why) => merged.conflicts.push(Conflict {
                path: path.clone(),
                why,
            }),
        }
    }
    merged.conflicts.extend(clashes(&merged.files));
    merged
}

/// What becomes of one path; `None` where it is gone.
fn one(
    base: Option<&Item>,
    own: Option<&Item>,
    offered: Option<&Item>,
) -> Result<Option<Source>, &'static str> {
    if is_same(own, base) || is_same(own, offered) {
        return Ok(offered.map(|_| Source::Offered));
    }
    if is_same(offered, base) {
        return Ok(own.map(|_| Source::Own));
    }
    match (base, own, offered) {
        (_, None, _) => Err("was removed here and is changed in the new version"),
        (_, _, None) => Err("was edited here and is gone in the new version"),
        (None, Some(_), Some(_)) => Err("was added here and is another one in the new version"),
        (Some(base), Some(own), Some(offered)) => {
            let lines = (text(base), text(own), text(offered));
            let (Some(base), Some(own), Some(offered)) = lines else {
                return Err("was edited here and in the new version, and is no text");
            };
            diffy::merge(base, own, offered)
                .map(|both| Some(Source::Both(both.into_bytes())))
                .map_err(|_| "was edited here and in the new version, in the same lines")
        }
    }
}

/// Content alone: who may execute a file is no edit of it.
fn is_same(one: Option<&Item>, other: Option<&Item>) -> bool {
    match (one.map(|item| &item.kind), other.map(|item| &item.kind)) {
        (Some(Kind::File { sha256: one, .. }), Some(Kind::File { sha256: other, .. })) => {
            one == other
        }
        (one, other) => one == other,
    }
}

fn text(item: &Item) -> Option<&str> {
    let text = std::str::from_utf8(item.content.as_deref()?).ok()?;
    let is_file = matches!(item.kind, Kind::File { .. });
    (is_file && !text.contains('\0')).then_some(text)
}

/// Paths that would have to be a file and a directory at once.
fn clashes(files: &BTreeMap<String, Source>) -> Vec<Conflict> {
    let above = |path: &str| {
        let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        ends.into_iter()
            .filter_map(|end| path.get(..end).map(str::to_owned))
            .find(|dir| files.contains_key(dir))
    };
    files
        .keys()
        .filter_map(|path| above(path))
        .map(|path| Conflict {
            path,
            why: "is a file here and a directory in the new version, or the other way round",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn items(files: &[(&str, &str)]) -> Items {
        let item = |content: &str| Item {
            kind: Kind::File {
                sha256: Sha256::digest(content).into(),
                executable: false,
            },
            content: Some(content.as_bytes().to_vec()),
        };
        files
            .iter()
            .map(|(path, content)| ((*path).to_owned(), item(content)))
            .collect()
    }

    const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

    #[test]
    fn what_one_side_changed_is_taken_from_that_side() {
        let base = items(&[("a", "1"), ("b", "1"), ("gone", "1"), ("dropped", "1")]);
        let own = items(&[("a", "mine"), ("b", "1"), ("gone", "1"), ("mine", "new")]);
        let offered = items(&[("a", "1"), ("b", "2"), ("dropped", "1"), ("theirs", "new")]);
        let merged = merge(&base, &own, &offered);
        let files: Vec<_> = merged.files.iter().map(|(p, s)| (p.as_str(), s)).collect();
        let expected = [
            ("a", &Source::Own),
            ("b", &Source::Offered),
            ("mine", &Source::Own),
            ("theirs", &Source::Offered),
        ];
        assert_eq!(files, expected);
        let kept: Vec<_> = merged.kept.iter().map(String::as_str).collect();
        assert_eq!(kept, ["a", "dropped", "mine"]);
        assert_eq!(merged.conflicts, []);
    }

    #[test]
    fn lines_that_both_changed_apart_are_both_kept() {
        let own = BASE.replace("two", "TWO");
        let offered = BASE.replace("six", "SIX");
        let merged = merge(
            &items(&[("a", BASE)]),
            &items(&[("a", &own)]),
            &items(&[("a", &offered)]),
        );
        let both = BASE.replace("two", "TWO").replace("six", "SIX");
        assert_eq!(
            merged.files.get("a"),
            Some(&Source::Both(both.into_bytes()))
        );
    }

    #[test]
    fn whatever_cannot_be_both_is_a_conflict_and_names_the_file() {
        let edited = |to: &str| items(&[("a", &BASE.replace("two", to))]);
        let base = items(&[("a", BASE)]);
        let none = Items::new();
        let zero = items(&[("a", "\0")]);
        for (base, own, offered) in [
            (&base, &edited("mine"), &edited("theirs")),
            (&base, &none, &edited("theirs")),
            (&base, &edited("mine"), &none),
            (&none, &edited("mine"), &edited("theirs")),
            (&base, &zero, &edited("theirs")),
            (&none, &items(&[("a/b", "1")]), &items(&[("a", "1")])),
        ] {
            let merged = merge(base, own, offered);
            let named: Vec<_> = merged.conflicts.iter().map(|c| c.path.as_str()).collect();
            assert_eq!(named, ["a"], "{merged:?}");
        }
    }
}
