//! ClawHub's version notes.

use exuvia_model::Update;

use super::{Chain, Notes};
use crate::changelog::Section;
use crate::sources::Sources;

/// Most pages of versions that are read to get from the offered version to the installed one.
const MAX_PAGES: usize = 5;

pub(super) async fn notes(
    sources: &Sources,
    update: &Update,
    registry: &str,
    owner: Option<&str>,
    slug: &str,
    chain: &mut Chain,
) -> Option<Notes> {
    let source = format!(
        "{}/api/v1/skills/{slug}/versions",
        registry.trim_end_matches('/')
    );
    let clawhub = match sources.clawhub(Some(registry)).await {
        Ok(clawhub) => clawhub,
        Err(reason) => {
            chain.tried(&source, &reason);
            return None;
        }
    };
    let until = update.current.to_string();
    match clawhub.versions(owner, slug, &until, MAX_PAGES).await {
        Ok(versions) => {
            let sections: Vec<Section> = versions
                .into_iter()
                .filter(|note| lies_between(update, &note.version))
                .map(|note| Section {
                    version: note.version,
                    date: note.created_at.map(|at| at.to_string()),
                    text: note.changelog,
                })
                .collect();
            let found = Notes::of(&sections, &source);
            if found.is_none() {
                chain.tried(&source, "the versions have no notes");
            }
            found
        }
        Err(error) => {
            chain.tried(&source, &error);
            None
        }
    }
}

/// Whether a version is above the installed one and not above the offered one; what cannot be
/// ordered is kept.
fn lies_between(update: &Update, version: &str) -> bool {
    let version = exuvia_model::Revision::from(version);
    match (
        update.current.version(),
        version.version(),
        update.latest.version(),
    ) {
        (Some(from), Some(version), Some(to)) => from < version && version <= to,
        _ => version != update.current,
    }
}
