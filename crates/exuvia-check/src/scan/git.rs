//! Is a checkout behind its remote?

use exuvia_model::asset::Provenance;
use exuvia_model::scan::{Artifact, SkipReason};
use exuvia_model::{Asset, Revision, Update};
use exuvia_sources::SourceError;

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
        // Nothing lies between: the checkout is past its remote.
        Ok(commits) if commits.is_empty() => Answer::skipped(asset, SkipReason::AheadOfRemote),
        // A commit that the remote has not, or no longer has, is still behind; the evidence says
        // why there is no list.
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
