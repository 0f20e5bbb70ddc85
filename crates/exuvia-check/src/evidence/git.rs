//! The commits between what is checked out and what the remote has.

use exuvia_model::Update;
use exuvia_model::evidence::ReleaseNote;
use exuvia_model::text;

use super::{Chain, Notes};
use crate::changelog;
use crate::sources::Sources;

/// Most commits that are listed in the notes.
const MAX_LISTED: usize = 200;

pub(super) async fn commits(
    sources: &Sources,
    update: &Update,
    url: &str,
    commit: &str,
    chain: &mut Chain,
) -> Option<Notes> {
    let from = update.current.to_string();
    let source = format!(
        "git log {}..{} ({url})",
        update.current.short(),
        update.latest.short()
    );
    let (asked, to) = (url.to_owned(), commit.to_owned());
    let log = match sources.git(move |git| git.log(&asked, &from, &to)).await {
        Ok(log) => log,
        Err(error) => {
            chain.tried(&source, &error);
            return None;
        }
    };
    let commits: Vec<(String, String, String)> = log
        .into_iter()
        .map(|commit| (commit.id, commit.subject, commit.body))
        .collect();
    let Some(extract) = changelog::extract_commits(&commits) else {
        chain.tried(&source, "there are no commits between the two");
        return None;
    };
    let lines = commits.iter().take(MAX_LISTED).map(|(id, subject, _)| {
        format!(
            "{} {}",
            id.get(..12).unwrap_or(id),
            text::one_line(subject, 200)
        )
    });
    let listed = lines.collect::<Vec<_>>().join("\n");
    let by_version = vec![ReleaseNote {
        version: update.latest.short(),
        text: listed,
    }];
    Some(Notes {
        extract,
        source: text::one_line(&source, 500),
        by_version,
    })
}
