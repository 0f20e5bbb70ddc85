//! What the installed version had.

use std::collections::{HashMap, HashSet};

use exuvia_model::vetting::FindingKind;

use super::File;
use super::decode::decode;
use super::role::{Role, SkillRoots};
use super::rules;
use super::source::Source;

/// The installed files, as far as the new ones are measured by them.
pub(super) struct Before<'a> {
    files: HashMap<&'a str, File<'a>>,
    /// Contents by what they were for: a file that moved is no news, unless it moved to where it
    /// means something else.
    contents: HashSet<(&'a [u8], Role, bool)>,
    /// What was found in any of them.
    known: HashSet<(FindingKind, String)>,
}

impl<'a> Before<'a> {
    /// Reads the installed files.
    pub(super) fn read(files: &[File<'a>]) -> Self {
        let skills = SkillRoots::of(files);
        let mut before = Self {
            files: files.iter().map(|file| (file.path, *file)).collect(),
            contents: HashSet::new(),
            known: HashSet::new(),
        };
        for file in files {
            let role = skills.role_of(file);
            if let Some(content) = file.content {
                before.contents.insert((content, role, file.executable));
            }
            if let Some(source) = Source::read(file, role, &skills) {
                let hits = rules::hits(&source);
                before
                    .known
                    .extend(hits.into_iter().map(|hit| (hit.kind, hit.subject)));
            }
        }
        before
    }

    /// Whether that very file was there, here or elsewhere.
    pub(super) fn has(&self, file: &File<'_>, skills: &SkillRoots<'_>) -> bool {
        file.content.is_some_and(|content| {
            self.contents
                .contains(&(content, skills.role_of(file), file.executable))
        })
    }

    /// The file that lay at that path.
    pub(super) fn file(&self, path: &str) -> Option<&File<'a>> {
        self.files.get(path)
    }

    /// The lines of the file that lay at that path, without indentation.
    pub(super) fn lines(&self, path: &str) -> HashSet<String> {
        let Some(text) = self.file(path).and_then(|file| decode(file.content?)) else {
            return HashSet::new();
        };
        Source::new("", Role::Data, text.into_owned())
            .lines()
            .map(|line| line.trim().to_owned())
            .collect()
    }

    /// Whether any old file had a finding of that kind on that subject.
    pub(super) fn knows(&self, kind: FindingKind, subject: &str) -> bool {
        self.known.contains(&(kind, subject.to_owned()))
    }
}
