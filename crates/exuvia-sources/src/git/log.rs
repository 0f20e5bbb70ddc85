//! The commits between two.

use jiff::Timestamp;

use super::Git;
use super::address::{self, Address};
use crate::SourceError;

/// Commits that are listed; whoever is further behind reads the rest elsewhere.
const MAX_COMMITS: &str = "--max-count=1000";
/// Bytes of one commit's text that are kept.
const MAX_BODY: usize = 16 * 1024;
const MAX_OUTPUT: usize = 32 << 20;

/// A commit, as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// The rest.
    pub body: String,
    /// When it was written, as the author's clock said.
    pub author_time: Option<Timestamp>,
}

impl Git {
    /// The commits that `to` has and `from` has not, newest first, at most a thousand.
    ///
    /// [`SourceError::HistoryRewritten`] when `from` is not below `to`: there is no list of what
    /// changed then.
    pub fn log(&self, url: &str, from: &str, to: &str) -> Result<Vec<Commit>, SourceError> {
        let address = Address::parse(url)?;
        let (from, to) = (address::commit(from)?, address::commit(to)?);
        self.with_mirror(&address, &[to, from], |mirror| {
            let rewritten = || SourceError::HistoryRewritten {
                from: from.to_owned(),
                to: to.to_owned(),
            };
            if !mirror.has(from)? {
                return Err(rewritten());
            }
            let ask = mirror
                .near()
                .args(["merge-base", "--is-ancestor", from, to]);
            if !self.attempt("merge-base", &ask)?.status.success() {
                return Err(rewritten());
            }
            let range = format!("{from}..{to}");
            let command = mirror
                .near()
                .args(["log", "-z", "--no-color", "--encoding=UTF-8", MAX_COMMITS])
                .args(["--format=%H%n%at%n%B", range.as_str(), "--"])
                .max_output(MAX_OUTPUT);
            let output = self.run("log", &command)?;
            Ok(parse(&String::from_utf8_lossy(&output.stdout)))
        })
    }
}

fn parse(text: &str) -> Vec<Commit> {
    text.split('\0')
        .filter_map(|record| {
            let mut lines = record.splitn(3, '\n');
            let (id, time) = (lines.next()?, lines.next()?);
            let message = lines.next().unwrap_or_default();
            let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
            Some(Commit {
                id: id.to_owned(),
                subject: subject.trim().to_owned(),
                body: cut(body.trim()),
                author_time: time
                    .parse()
                    .ok()
                    .and_then(|seconds| Timestamp::from_second(seconds).ok()),
            })
        })
        .collect()
}

fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_BODY.min(text.len()));
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_with_several_lines_are_kept_apart() {
        let text = "aaa\n1700000000\nfix: one\n\nBREAKING CHANGE: x\n\0bbb\nnonsense\n\0";
        let commits = parse(text);
        assert_eq!(commits.len(), 2);
        assert_eq!(commits[0].subject, "fix: one");
        assert_eq!(commits[0].body, "BREAKING CHANGE: x");
        assert!(commits[0].author_time.is_some());
        assert_eq!(
            (commits[1].subject.as_str(), commits[1].author_time),
            ("", None)
        );
    }
}
