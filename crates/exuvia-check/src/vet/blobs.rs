//! Bytes that nobody can read.

use exuvia_model::Finding;
use exuvia_model::text::is_hidden;
use exuvia_model::vetting::FindingKind;

use super::format::Format;
use super::role::Role;
use super::{File, LOOK_MAX};

/// What of a file could not be looked at, and a name that does not show what it is.
pub(super) fn look(file: &File<'_>, role: Role) -> Vec<Finding> {
    let name = file.path.chars().any(is_hidden).then(|| {
        let what = "a file name with invisible characters";
        Finding::new(FindingKind::Obfuscation, what, file.path, None, file.path)
    });
    blob(file, role).into_iter().chain(name).collect()
}

fn blob(file: &File<'_>, role: Role) -> Option<Finding> {
    let of = |what: &str, words: String| {
        Some(Finding::new(
            FindingKind::BinaryBlob,
            what,
            file.path,
            None,
            &words,
        ))
    };
    let Some(content) = file.content else {
        return of(
            "unread file",
            format!("{} bytes: too large to be looked at", file.size),
        );
    };
    match Format::of(content) {
        Format::Program(name) | Format::Other(name) => of(name, format!("{} bytes", file.size)),
        Format::Text if content.len() > LOOK_MAX && role != Role::Data => of(
            "partly unread file",
            format!(
                "{} bytes, of which the first {LOOK_MAX} were looked at",
                file.size
            ),
        ),
        Format::Text | Format::Media => None,
    }
}
