//! How the two ClawHub clients digest an installed skill.
//!
//! Both were read from the clients' JavaScript and checked against it on the same trees; the test
//! below holds their answers.

use std::cmp::Ordering;
use std::path::Path;

use serde_json::json;

use crate::hash::sha256_hex;

/// Directories at a skill's root that hold the clients' own records.
const RECORDS: [&str; 2] = [".clawhub", ".clawdhub"];

/// OpenClaw's `fileTreeSha256` (`skill-tree-digest.ts`, 2026.9.5): `sha256:` and the hexadecimal
/// SHA-256 of compact JSON, an array with one object for each entry of a depth-first walk:
/// `{"path","type":"directory"}` followed by the directory's entries, or
/// `{"path","type":"file","sha256"}`. Names are sorted by UTF-16 code units within a directory;
/// `.clawhub` and `.clawdhub` are left out at the root, and only there. Dot files and empty
/// directories count, modes and times do not.
///
/// # Panics
/// On symbolic links and special files, for which OpenClaw has no digest, and on hard links.
pub fn file_tree_sha256(skill: &Path) -> String {
    let mut entries = Vec::new();
    walk(skill, "", &mut entries);
    format!(
        "sha256:{}",
        sha256_hex(format!("[{}]", entries.join(",")).as_bytes())
    )
}

fn walk(dir: &Path, prefix: &str, entries: &mut Vec<String>) {
    let listed =
        std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut names: Vec<String> = listed
        .map(|entry| entry.expect("a directory entry").file_name())
        .map(|name| name.into_string().expect("a name in UTF-8"))
        .filter(|name| !prefix.is_empty() || !RECORDS.contains(&name.as_str()))
        .collect();
    names.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
    for name in names {
        let (at, path) = (dir.join(&name), format!("{prefix}{name}"));
        let kind = at
            .symlink_metadata()
            .expect("an entry that was just listed");
        // Written by hand, for the order of the keys is part of the digest.
        let quoted = json!(path);
        if kind.is_dir() {
            entries.push(format!(r#"{{"path":{quoted},"type":"directory"}}"#));
            walk(&at, &format!("{path}/"), entries);
        } else {
            assert!(kind.is_file(), "{} has no digest", at.display());
            let digest = sha256_hex(&std::fs::read(&at).expect("a readable file"));
            entries.push(format!(
                r#"{{"path":{quoted},"type":"file","sha256":"{digest}"}}"#
            ));
        }
    }
}

/// The `clawhub` CLI's `fingerprint` (`skills.js`, 0.23.3): hexadecimal SHA-256 of
/// `<path>:<sha256 of the file>` for each file, joined by newlines, in the order of JavaScript's
/// `localeCompare` on whole paths. Paths with a segment that begins with a dot or is
/// `node_modules` are left out; no file, no fingerprint. (The CLI also obeys the ignore files at
/// the skill's root, which skills built here do not have.)
///
/// The order is exact for paths of printable ASCII.
pub fn fingerprint<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Option<String> {
    let counted = |path: &str| {
        !path
            .split('/')
            .any(|part| part.starts_with('.') || part == "node_modules")
    };
    let mut files: Vec<_> = files.filter(|(path, _)| counted(path)).collect();
    files.sort_by(|(left, _), (right, _)| collate(left, right));
    let lines: Vec<String> = files
        .iter()
        .map(|(path, content)| format!("{path}:{}", sha256_hex(content)))
        .collect();
    (!lines.is_empty()).then(|| sha256_hex(lines.join("\n").as_bytes()))
}

/// The root collation of the Unicode Collation Algorithm, for printable ASCII: punctuation in this
/// order, digits, letters without regard to case; only then lower case before upper.
fn collate(left: &str, right: &str) -> Ordering {
    const PUNCTUATION: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let primary = |character: char| {
        let at = PUNCTUATION.find(character).map_or(usize::MAX, |at| at);
        (at, character.to_ascii_lowercase())
    };
    left.chars()
        .map(primary)
        .cmp(right.chars().map(primary))
        .then_with(|| {
            let upper = |text: &str| {
                text.chars()
                    .map(|c| c.is_ascii_uppercase())
                    .collect::<Vec<_>>()
            };
            upper(left).cmp(&upper(right))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// `digestClawHubSkillTree` of openclaw 2026.9.5 on this tree.
    #[test]
    fn the_tree_digest_is_what_openclaw_itself_computes() {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in FILES {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        assert_eq!(
            file_tree_sha256(dir.path()),
            "sha256:4410ba639bd7d845b48dc804683532c89145ba28df3ba40dc86781b8f1b40469"
        );
    }

    /// `hashSkillFiles(await listSkillFiles(dir))` of clawhub 0.23.3 on the same tree, where the
    /// `.gitignore` keeps `run.log` out.
    #[test]
    fn the_fingerprint_is_what_the_clawhub_cli_itself_computes() {
        let files = FILES.iter().filter(|(path, _)| *path != "run.log");
        assert_eq!(
            fingerprint(files.map(|(path, content)| (*path, content.as_bytes()))).as_deref(),
            Some("27f84f5c254506d2780e124ef79eacf517cb290916afbc855658541095ff3217")
        );
    }

    #[test]
    fn no_files_have_no_fingerprint() {
        assert_eq!(
            fingerprint([(".hidden", b"x".as_slice())].into_iter()),
            None
        );
    }
}
