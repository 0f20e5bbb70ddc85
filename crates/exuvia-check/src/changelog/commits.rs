//! Commits in place of release notes.

use std::sync::LazyLock;

use exuvia_model::text::one_line;
use regex::Regex;

use super::Extract;
use super::breaking;
use super::entries::Entry;
use super::extract::Gathered;
use super::group::Group;
use crate::pattern::pattern;

/// Most commits that are read.
const COMMITS_MAX: usize = 5_000;

/// Most bytes of one commit's message that are read.
const MESSAGE_MAX: usize = 16 * 1024;

/// What commits say, each given as its id, its subject and its body, newest first.
///
/// Reads [Conventional Commits](https://www.conventionalcommits.org/en/v1.0.0/) where they are,
/// and plain subjects by their first verb. Merges say nothing that the merged commits do not.
pub fn extract_commits(commits: &[(String, String, String)]) -> Option<Extract> {
    let mut gathered = Gathered::default();
    let read = commits.iter().take(COMMITS_MAX);
    let entries: Vec<Entry> = read
        .clone()
        .map(|(_, subject, _)| one_line(subject, MESSAGE_MAX))
        .filter(|subject| !subject.is_empty())
        .map(|text| Entry {
            group: if MERGE.is_match(&text) {
                Group::Noise
            } else {
                Group::Unnamed
            },
            nested: false,
            text,
        })
        .collect();
    gathered.add(&entries);
    for (_, _, body) in read {
        for line in body_lines(body) {
            if FOOTER.is_match(line) && breaking::declaration(line).is_some() {
                gathered.add_breaking(&one_line(line, MESSAGE_MAX));
            }
        }
    }
    if commits.len() > COMMITS_MAX {
        gathered.leave_some_unread();
    }
    gathered.finish()
}

fn body_lines(body: &str) -> impl Iterator<Item = &str> {
    body.get(..body.floor_char_boundary(MESSAGE_MAX))
        .unwrap_or(body)
        .lines()
}

static MERGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^Merge (?:pull request|branch|remote-tracking branch|tag|commit)\b|^(?:chore: )?release:?\s+v?\d|^v?\d+\.\d+\.\d+$",
    )
});

/// A footer by Conventional Commits, or its counterparts that people write.
static FOOTER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\s*(?:breaking[ -]changes?\s*[:：]|破坏性变更)"));
