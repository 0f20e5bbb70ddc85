//! The link by which pnpm keeps a global package.
//!
//! Since pnpm 11 (seen with 12.21) `<global>/v11/<digest>` is a link to the directory that a package
//! was installed into. Commands lead through the link, and `pnpm add -g` makes a new directory and
//! renews it. The package itself lies where its version is part of the path, in
//! `<store>/links/@/openclaw/<version>/…` or in `node_modules/.pnpm` of that directory, or in that
//! directory's `node_modules` (`nodeLinker: hoisted`).

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};

use super::package::is_package;
use crate::held::has_global_packages;

/// Where a package lies below the directory that it was installed into.
const PACKAGE: &str = "node_modules/openclaw";
/// What pnpm leaves in every `node_modules` that it made.
const RECORDS: &str = ".modules.yaml";

/// Whether a package lies where pnpm puts packages.
pub(super) fn is_of_pnpm(host: &dyn Host, root: &Path) -> bool {
    project_of(host, root).is_some() || store_of(host, root).is_some()
}

/// The package at this real path by its link, which stays while versions come and go. The path may
/// be one that is not there any more.
pub(super) fn by_link(host: &dyn Host, root: &Path) -> Option<PathBuf> {
    let projects = match project_of(host, root) {
        Some(project) => vec![project.to_owned()],
        None => projects_of(host, &store_of(host, root)?),
    };
    let packages: Vec<PathBuf> = projects
        .iter()
        .flat_map(|project| links_to(host, project))
        .map(|link| link.join(PACKAGE))
        .filter(|package| is_package(host, package))
        .collect();
    let real = |package: &&PathBuf| host.canonicalize(package).is_ok_and(|real| real == root);
    packages.iter().find(real).or(packages.first()).cloned()
}

/// The directory in whose `node_modules` a package lies, there itself or in `.pnpm`.
fn project_of<'p>(host: &dyn Host, root: &'p Path) -> Option<&'p Path> {
    let store = root.ancestors().find(|above| above.ends_with(".pnpm"));
    let modules = match store {
        Some(store) => store.parent()?,
        None => root.parent().filter(|dir| {
            let records = host.metadata(&dir.join(RECORDS), Links::Refuse);
            dir.ends_with("node_modules") && records.is_ok()
        })?,
    };
    modules.parent()
}

/// The store in whose `links` a package lies.
fn store_of(host: &dyn Host, root: &Path) -> Option<PathBuf> {
    let links = root.ancestors().find(|above| above.ends_with("links"))?;
    let store = links.parent()?;
    host.read_dir(&store.join("projects"))
        .is_ok()
        .then(|| store.to_owned())
}

/// The directories that a store knows something to be installed into.
fn projects_of(host: &dyn Host, store: &Path) -> Vec<PathBuf> {
    let projects = store.join("projects");
    let entries = host.read_dir(&projects).unwrap_or_default().into_iter();
    entries
        .filter_map(|(name, _)| host.canonicalize(&projects.join(name)).ok())
        .collect()
}

/// The links beside a directory of a global package that lead to it.
fn links_to(host: &dyn Host, directory: &Path) -> Vec<PathBuf> {
    let beside = directory.parent().filter(|dir| has_global_packages(dir));
    let mut links = beside.map_or_else(Vec::new, |beside| links_in(host, beside));
    links.retain(|link| host.canonicalize(link).is_ok_and(|real| real == directory));
    links
}

/// The links in a directory; none where there is no such directory.
pub(super) fn links_in(host: &dyn Host, directory: &Path) -> Vec<PathBuf> {
    let entries = host.read_dir(directory).unwrap_or_default().into_iter();
    entries
        .filter(|(_, kind)| *kind == EntryKind::Symlink)
        .map(|(name, _)| directory.join(name))
        .collect()
}
