//! Which names in an archive are taken.

use exuvia_model::text::{is_hidden, one_line};

use super::ArchiveProblem;

/// Longest path that is taken, in bytes: Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// Longest name between two slashes: that of every usual file system.
const MAX_PART: usize = 255;

/// Where the files begin in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// At the root.
    Root,
    /// Below one directory, whatever its name: npm unpacks without the first part of each path.
    BelowOneDirectory,
}

/// The path of an entry, or what is wrong with it. `None` for the root itself.
pub(crate) fn take(raw: &[u8], layout: Layout) -> Result<Option<String>, ArchiveProblem> {
    let text = std::str::from_utf8(raw).map_err(|_| bad(&String::from_utf8_lossy(raw)))?;
    let path = clean(text)?;
    Ok(match layout {
        Layout::Root => Some(path),
        Layout::BelowOneDirectory => path.split_once('/').map(|(_, rest)| rest.to_owned()),
    }
    .filter(|path| !path.is_empty()))
}

/// A relative path without `.` and double slashes, or what is wrong with it.
pub(crate) fn clean(text: &str) -> Result<String, ArchiveProblem> {
    let shown = || one_line(text, 200);
    let is_drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if text.starts_with('/') || is_drive {
        return Err(ArchiveProblem::Absolute { path: shown() });
    }
    if text.split(['/', '\\']).any(|part| part == "..") {
        return Err(ArchiveProblem::PathOutside { path: shown() });
    }
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let too_long = text.len() > MAX_PATH || parts.iter().any(|part| part.len() > MAX_PART);
    if too_long
        || text
            .chars()
            .any(|c| c == '\\' || (is_hidden(c) && !is_joiner(c)))
    {
        return Err(bad(text));
    }
    Ok(parts.join("/"))
}

/// Emoji file names are made of these; they show nothing by themselves and reverse nothing.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether a link at `path` that says `target` stays inside.
pub(crate) fn stays_inside(path: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || target.contains(['\\', '\0', ':']) {
        return false;
    }
    let mut depth = path.split('/').count().saturating_sub(1);
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

fn bad(name: &str) -> ArchiveProblem {
    let shown = one_line(name, 200);
    let path = if shown.is_empty() {
        "(a name that shows nothing)".to_owned()
    } else {
        shown
    };
    ArchiveProblem::BadName { path }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn honest_names_are_taken_without_their_first_directory() {
        let take = |name: &str| take(name.as_bytes(), Layout::BelowOneDirectory);
        assert_eq!(
            take("package/dist/./a.js"),
            Ok(Some("dist/a.js".to_owned()))
        );
        assert_eq!(take("openclaw-x//b"), Ok(Some("b".to_owned())));
        assert_eq!(take("package/"), Ok(None));
        assert_eq!(take("pax_global_header"), Ok(None));
    }

    #[test]
    fn hostile_names_are_told_by_kind() {
        let problem = |name: &[u8]| take(name, Layout::Root).unwrap_err();
        assert!(matches!(
            problem(b"a/../../etc/x"),
            ArchiveProblem::PathOutside { .. }
        ));
        assert!(matches!(
            problem(b"..\\..\\x"),
            ArchiveProblem::PathOutside { .. }
        ));
        assert!(matches!(
            problem(b"/etc/x"),
            ArchiveProblem::Absolute { .. }
        ));
        assert!(matches!(problem(b"C:/x"), ArchiveProblem::Absolute { .. }));
        assert!(matches!(problem(b"a\nb"), ArchiveProblem::BadName { .. }));
        assert!(matches!(problem(b"\xff"), ArchiveProblem::BadName { .. }));
        assert!(matches!(
            problem("a\u{202e}b".as_bytes()),
            ArchiveProblem::BadName { .. }
        ));
        assert!(matches!(
            problem(&[b'a'; 256]),
            ArchiveProblem::BadName { .. }
        ));
    }

    #[test]
    fn links_that_stay_inside_are_told_from_those_that_do_not() {
        assert!(stays_inside("a/b", "../c"));
        assert!(stays_inside("a/b", "c/../../d"));
        assert!(!stays_inside("a/b", "../../c"));
        assert!(!stays_inside("b", "/etc/passwd"));
        assert!(!stays_inside("b", "c/../../d"));
    }

    proptest! {
        #[test]
        fn whatever_the_name_a_taken_path_stays_below_its_root(raw in proptest::collection::vec(any::<u8>(), 0..80)) {
            for layout in [Layout::Root, Layout::BelowOneDirectory] {
                if let Ok(Some(path)) = take(&raw, layout) {
                    prop_assert!(!path.starts_with('/'));
                    prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
                    prop_assert!(!path.contains('\0'));
                }
            }
        }

        #[test]
        fn dots_and_slashes_in_any_order_never_lead_out(raw in "[./a\\\\]{0,24}") {
            if let Ok(Some(path)) = take(raw.as_bytes(), Layout::Root) {
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }
}
