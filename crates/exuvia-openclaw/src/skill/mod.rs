//! Skills: where OpenClaw loads them from, where they came from, and which of two it takes.

mod asset;
mod clawhub;
mod conflict;
mod discover;
mod frontmatter;
mod git_source;
mod lock;
mod record;
mod root;

use exuvia_host::Host;
use exuvia_model::Asset;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

pub use discover::{Found, discover};
pub use frontmatter::{Frontmatter, read_frontmatter};
pub use lock::{LockEntry, lock_entry, put_lock_entry};
pub use record::{Published, PublishedFile, RECORDS, Record, record};
pub use root::{RootKind, SkillRoot, roots};

use crate::Install;
use crate::config::{Agent, Config};

/// The skills of an install.
#[derive(Debug, Default)]
pub struct Skills {
    /// Those that are assets of their own.
    pub assets: Vec<Asset>,
    /// How many the package brings along; `None` without a package.
    pub bundled: Option<usize>,
    /// What could not be read, in words.
    pub warnings: Vec<String>,
}

/// Takes up every skill that OpenClaw may load, once each, however many ways lead to it.
pub fn inventory(host: &dyn Host, install: &Install, config: &Config, agents: &[Agent]) -> Skills {
    let mut skills = Skills::default();
    let roots = roots(host, install, config, agents);
    let mut found = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        let discovered = discover(host, root, index);
        skills.warnings.extend(discovered.warnings);
        found.extend(discovered.skills);
    }
    let found = discover::once_each(found, &roots);
    let locks = lock::Locks::read(host, &roots, agents);
    let taken: Vec<asset::Taken> = found
        .par_iter()
        .map(|found| asset::take(host, found, &roots, &locks))
        .collect();
    skills.bundled = install.package_root.as_ref().map(|_| {
        let is_bundled =
            |found: &&Found| roots.get(found.root).map(|root| root.kind) == Some(RootKind::Bundled);
        found.iter().filter(is_bundled).count()
    });
    skills.warnings.extend(locks.unmatched(&taken));
    skills.assets = conflict::resolve(taken, &roots, agents.len());
    skills
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "skill_tests.rs"]
mod tests;
