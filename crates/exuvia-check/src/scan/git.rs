//! Is a checkout behind its remote?

use std::path::Path;

use exuvia_model::asset::Provenance;
use exuvia_model::scan::{Artifact, SkipReason};
use exuvia_model::{Asset, Revision, Update};
use exuvia_sources::SourceError;
use exuvia_sources::git::RemoteHead;

use super::Answer;
use crate::sources::Sources;

pub(super) async fn ask(sources: &Sources, asset: &Asset) -> Answer {
    let Provenance::Git {
        url,
        branch,
        subdir,
        ..
    } = &asset.provenance
    else {
        return Answer::unreachable(asset, "it does not come from git");
    };
    let Some(current) = asset.current_commit.clone() else {
        return Answer::unreachable(asset, "the commit that is installed is not recorded");
    };
    let (asked, followed) = (url.clone(), branch.clone());
    let head = match sources
        .git(move |git| git.remote_head(&asked, followed.as_deref()))
        .await
    {
        Ok(head) => head,
        Err(error) => return Answer::unreachable(asset, &error),
    };
    if head.commit == current {
        return Answer::up_to_date(asset);
    }
    let (asked, from, to) = (url.clone(), current.clone(), head.commit.clone());
    match sources.git(move |git| git.log(&asked, &from, &to)).await {
        Err(SourceError::HistoryRewritten { .. }) if is_ahead(sources, asset, &head).await => {
            Answer::skipped(asset, SkipReason::AheadOfRemote)
        }
        // Where the remote's history was written anew there is another version all the same; that
        // nobody can list what changed is for the evidence to say.
        Ok(_) | Err(SourceError::HistoryRewritten { .. }) => Answer::Update(Box::new(update(
            asset,
            url,
            subdir.as_deref(),
            &current,
            head.commit,
        ))),
        Err(error) => Answer::unreachable(asset, &error),
    }
}

/// Whether the user's own checkout already has the remote's newest commit below its own.
async fn is_ahead(sources: &Sources, asset: &Asset, head: &RemoteHead) -> bool {
    let Some(current) = asset.current_commit.clone() else {
        return false;
    };
    let (repository, newest) = (Path::new(&asset.path).join(".git"), head.commit.clone());
    let asked = sources
        .git(move |git| git.is_ancestor(&repository, &newest, &current))
        .await;
    // What cannot be told is not taken for "nothing to do".
    asked.unwrap_or(false)
}

fn update(asset: &Asset, url: &str, subdir: Option<&str>, from: &str, to: String) -> Update {
    let changelog_url = compare_url(url, from, &to);
    let (current, latest) = (Revision::from(from), Revision::from(to.as_str()));
    let artifact = Artifact::Git {
        url: url.to_owned(),
        commit: to,
        subdir: subdir.map(ToOwned::to_owned),
    };
    Update {
        changelog_url,
        ..Update::new(asset, current, latest, artifact)
    }
}

/// GitHub's page of what lies between two commits.
fn compare_url(url: &str, from: &str, to: &str) -> Option<String> {
    let (owner, repo) = exuvia_sources::github::GitHub::slug_of(url)?;
    Some(format!(
        "https://github.com/{owner}/{repo}/compare/{from}...{to}"
    ))
}
