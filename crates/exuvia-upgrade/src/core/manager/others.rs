//! What else the user has in the tree that is exchanged.

use std::collections::BTreeMap;
use std::path::Path;

use exuvia_host::Host;
use exuvia_model::install::PackageManager;

use super::project::{self, Project};
use crate::{Plan, Trouble};

/// Refuses to exchange two trees that differ in more than OpenClaw: somebody used the package manager
/// since the other one was made, and what they did would be undone.
pub(in crate::core) fn must_be_the_same(host: &dyn Host, plan: &Plan) -> Result<(), Trouble> {
    if !matches!(plan.manager(), PackageManager::Pnpm | PackageManager::Bun) {
        return Ok(());
    }
    let (live, other) = (found(host, &plan.live)?, found(host, &plan.other())?);
    let names = live.keys().chain(other.keys());
    let differs = names
        .filter(|name| live.get(*name) != other.get(*name))
        .min();
    let Some(name) = differs else {
        return Ok(());
    };
    let told = |found: &BTreeMap<String, String>| {
        found
            .get(name)
            .map_or_else(|| "is not there".to_owned(), |found| format!("is {found}"))
    };
    Err(Trouble::new(format!(
        "{name} {} in {} and {} in the tree that would take its place ({}): it was changed since \
         that one was made, and would be changed back; make it the same again with {}, and try again",
        told(&live),
        plan.live.display(),
        told(&other),
        plan.other().display(),
        name_of(plan.manager()),
    )))
}

/// Every other package that was asked for, and the version that lies there.
fn found(host: &dyn Host, tree: &Path) -> Result<BTreeMap<String, String>, Trouble> {
    let project = Project::read(host, tree)?;
    let others = project.others().into_iter().map(|(name, asked)| {
        let package = tree.join("node_modules").join(name);
        let version = project::version(host, &package);
        (name.to_owned(), version.unwrap_or_else(|| asked.to_owned()))
    });
    Ok(others.collect())
}

fn name_of(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::Bun => "bun",
        _ => "pnpm",
    }
}
