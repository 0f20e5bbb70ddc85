//! Does ClawHub have a newer version of a skill?

use std::collections::BTreeMap;

use exuvia_model::asset::Provenance;
use exuvia_model::scan::{Artifact, PublisherChange, SkipReason, Verdict};
use exuvia_model::{Asset, Revision, Update};
use exuvia_sources::clawhub::{Moderation, Skill, files_digest};

use super::Answer;
use crate::sources::Sources;

pub(super) async fn ask(sources: &Sources, asset: &Asset) -> Answer {
    let Provenance::ClawHub {
        slug,
        owner,
        registry,
        ..
    } = &asset.provenance
    else {
        return Answer::unreachable(asset, "it does not come from ClawHub");
    };
    let Some(current) = asset.current_version.clone() else {
        return Answer::unreachable(asset, "the version that is installed is not recorded");
    };
    let clawhub = match sources.clawhub(registry.as_deref()).await {
        Ok(clawhub) => clawhub,
        Err(reason) => return Answer::unreachable(asset, &reason),
    };
    let skill = match clawhub.skill(owner.as_deref(), slug).await {
        Ok(skill) => skill,
        Err(error) => return Answer::unreachable(asset, &error),
    };
    let latest = Revision::from(skill.version.as_str());
    if latest == current {
        return Answer::up_to_date(asset);
    }
    if let (Some(have), Some(offered)) = (current.version(), latest.version())
        && offered <= have
    {
        let (installed, offered) = (have.to_string(), offered.to_string());
        return Answer::skipped(asset, SkipReason::OfferedIsOlder { installed, offered });
    }
    if let Some(place) = &skill.github {
        let words = format!(
            "its newer version {} lies on GitHub ({}), and what ClawHub only points to is not \
             compared yet; see `openclaw skills update`",
            latest.short(),
            place.repo
        );
        return Answer::unreachable(asset, &words);
    }
    let files_digest = match clawhub.files(owner.as_deref(), slug, &skill.version).await {
        Ok(files) => files_digest(&files),
        Err(error) => return Answer::unreachable(asset, &error),
    };
    let artifact = Artifact::ClawHub {
        registry: clawhub.base().to_string(),
        slug: slug.clone(),
        owner: owner.clone().or_else(|| skill.owner.clone()),
        version: skill.version.clone(),
        files_digest: Some(files_digest),
        verdict: moderated(skill.moderation.as_ref()),
        publisher: publisher(owner.as_deref(), &skill),
    };
    Answer::Update(Box::new(Update {
        changelog: skill.changelog.into_iter().collect(),
        published_at: skill.created_at,
        ..Update::new(asset, current, latest, artifact)
    }))
}

/// What the skill's own page says of it, before its registry is asked for a judgement on the very
/// version.
fn moderated(moderation: Option<&Moderation>) -> Verdict {
    let words = moderation.and_then(|moderation| moderation.summary.clone());
    match moderation {
        Some(Moderation { malware: true, .. }) => {
            let reason = words.unwrap_or_else(|| "the registry holds it for malware".to_owned());
            Verdict::Fail {
                reasons: vec![reason],
                url: None,
            }
        }
        Some(Moderation {
            suspicious: true, ..
        }) => {
            let reason = words.unwrap_or_else(|| "the registry holds it for suspicious".to_owned());
            Verdict::Unknown { reason }
        }
        _ => Verdict::Pass { url: None },
    }
}

/// The worse of two judgements.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Pass { .. } => 0,
        Verdict::Unknown { .. } => 1,
        Verdict::Fail { .. } => 2,
    };
    if rank(&one) > rank(&other) {
        one
    } else {
        other
    }
}

/// Whether the skill still belongs to the publisher it was installed from.
fn publisher(installed_from: Option<&str>, skill: &Skill) -> PublisherChange {
    match (installed_from, skill.owner.as_deref()) {
        (Some(before), Some(after)) if before.eq_ignore_ascii_case(after) => {
            PublisherChange::Same {
                publisher: after.to_owned(),
            }
        }
        (Some(before), Some(after)) => PublisherChange::Changed {
            before: before.to_owned(),
            after: after.to_owned(),
        },
        _ => PublisherChange::Unknown,
    }
}

/// Asks each registry for its judgement on all of its candidates, in as few requests as it takes.
pub(super) async fn add_verdicts(sources: &Sources, updates: &mut [Update]) {
    let mut wanted: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for update in updates.iter() {
        if let Artifact::ClawHub { registry, .. } = &update.artifact {
            wanted
                .entry(registry.clone())
                .or_default()
                .extend(asked_for(&update.artifact));
        }
    }
    for (base, pairs) in wanted {
        let mut verdicts = match sources.clawhub(Some(&base)).await {
            Ok(clawhub) => clawhub.verdicts(&pairs).await,
            Err(_) => BTreeMap::new(),
        };
        for update in updates.iter_mut() {
            let pair = asked_for(&update.artifact);
            let Artifact::ClawHub {
                registry, verdict, ..
            } = &mut update.artifact
            else {
                continue;
            };
            if *registry == base {
                let judged = pair.and_then(|pair| verdicts.remove(&pair));
                let judged = judged.unwrap_or_else(|| Verdict::Unknown {
                    reason: "the registry was not asked".to_owned(),
                });
                *verdict = worse(verdict.clone(), judged);
            }
        }
    }
}

/// How a registry is asked for its judgement on a version: two publishers may have one slug.
fn asked_for(artifact: &Artifact) -> Option<(String, String)> {
    let Artifact::ClawHub {
        slug,
        owner,
        version,
        ..
    } = artifact
    else {
        return None;
    };
    let name = match owner {
        Some(owner) => format!("@{}/{slug}", owner.trim_start_matches('@')),
        None => slug.clone(),
    };
    Some((name, version.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_that_is_held_for_malware_is_not_passed_by_a_kinder_judgement() {
        let held = Moderation {
            suspicious: false,
            malware: true,
            summary: None,
        };
        let pass = || Verdict::Pass { url: None };
        let unknown = || Verdict::Unknown {
            reason: "no answer".to_owned(),
        };
        assert!(matches!(
            worse(moderated(Some(&held)), pass()),
            Verdict::Fail { .. }
        ));
        assert!(matches!(
            worse(moderated(None), pass()),
            Verdict::Pass { .. }
        ));
        assert!(matches!(
            worse(moderated(None), unknown()),
            Verdict::Unknown { .. }
        ));
    }
}
