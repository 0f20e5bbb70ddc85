//! Which of two skills with one name OpenClaw loads.
//!
//! `mergeRecords` in `workspace-skill-loader.ts`: skills are put into a map by their frontmatter's
//! name, root after root and path after path, and the last one stays.

use std::collections::{BTreeMap, BTreeSet};

use exuvia_model::Asset;
use exuvia_model::asset::Conflict;

use super::asset::Taken;
use super::root::{RootKind, SkillRoot};

/// Notes who shadows whom, and gives the assets; bundled skills are none of their own.
pub(super) fn resolve(mut taken: Vec<Taken>, roots: &[SkillRoot], agents: usize) -> Vec<Asset> {
    for (winner, loser) in pairs(&taken, roots, agents) {
        let told = tell(&taken, roots, winner, loser);
        if let Some((to_winner, to_loser)) = told {
            if let Some(taken) = taken.get_mut(winner) {
                taken.asset.conflicts.push(to_winner);
            }
            if let Some(taken) = taken.get_mut(loser) {
                taken.asset.conflicts.push(to_loser);
            }
        }
    }
    taken
        .into_iter()
        .filter(|taken| kind(roots, taken) != Some(RootKind::Bundled))
        .map(|taken| taken.asset)
        .collect()
}

/// Every winner and loser of some agent, once.
fn pairs(taken: &[Taken], roots: &[SkillRoot], agents: usize) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    for agent in 0..agents.max(1) {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, skill) in taken.iter().enumerate() {
            let root = roots.get(skill.found.root);
            let visible = root.is_some_and(|root| root.agent.is_none_or(|only| only == agent));
            if let (true, Some(name)) = (visible, skill.loaded_as.as_deref()) {
                by_name.entry(name).or_default().push(index);
            }
        }
        for rivals in by_name.values() {
            if let Some((winner, losers)) = rivals.split_last() {
                pairs.extend(losers.iter().map(|loser| (*winner, *loser)));
            }
        }
    }
    pairs
}

fn tell(
    taken: &[Taken],
    roots: &[SkillRoot],
    winner: usize,
    loser: usize,
) -> Option<(Conflict, Conflict)> {
    let (winner, loser) = (taken.get(winner)?, taken.get(loser)?);
    let (strong, weak) = (kind(roots, winner)?, kind(roots, loser)?);
    let rule = if strong == weak {
        format!(
            "of two among {}, the one with the later path counts",
            strong.words()
        )
    } else {
        format!("{} come before {}", strong.words(), weak.words())
    };
    let name = exuvia_model::text::one_line(winner.loaded_as.as_deref()?, 120);
    let conflict = |other: &Taken, wins| Conflict {
        name: name.clone(),
        other_path: other.asset.path.clone(),
        wins,
        rule: rule.clone(),
    };
    Some((conflict(loser, true), conflict(winner, false)))
}

fn kind(roots: &[SkillRoot], taken: &Taken) -> Option<RootKind> {
    roots.get(taken.found.root).map(|root| root.kind)
}
