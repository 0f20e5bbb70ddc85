//! What a package manager keeps as one: the package, with what is recorded of it.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};
use exuvia_model::install::PackageManager;

use crate::Install;

/// The directory for other trees. Package managers take no notice of names that begin with a dot.
const ASIDE: &str = ".exuvia";
/// Where a package lies below a directory that a package manager installed it into.
const PACKAGE: &str = "node_modules/openclaw";

/// The tree that is exchanged for another one to have another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The tree, a real path: of npm the package itself, which has its dependencies inside; of pnpm
    /// and bun the directory with `package.json`, the lock file and `node_modules`.
    pub tree: PathBuf,
    /// The directory in which other such trees lie, on the same file system. Of pnpm they are as far
    /// from the root as the tree is: links in them lead up and out by `..`.
    pub aside: PathBuf,
}

impl Held {
    /// That of npm, where the package is all of it.
    fn by_npm(package: &Path) -> Self {
        Self {
            aside: package.with_file_name(ASIDE),
            tree: package.to_owned(),
        }
    }

    /// `<global>/v11/<digest>` leads to `<global>/v11/<process>-<time>` (pnpm 12.21).
    fn by_pnpm(host: &dyn Host, package: &Path) -> Option<Self> {
        let link = installed_into(package)?;
        let meta = host.metadata(link, Links::Refuse).ok()?;
        let tree = host.canonicalize(link).ok()?;
        let beside = link.parent().and_then(|dir| host.canonicalize(dir).ok())?;
        let is_link = meta.kind == EntryKind::Symlink && tree.parent() == Some(&beside);
        if !is_link || !has_global_packages(&beside) {
            return None;
        }
        let aside = beside.with_file_name(ASIDE);
        Some(Self { tree, aside })
    }

    /// `<bun>/install/global` (bun 1.4), whose lock file was no text before bun 1.2.
    fn by_bun(host: &dyn Host, package: &Path) -> Option<Self> {
        let tree = installed_into(package)?;
        host.metadata(&tree.join("bun.lock"), Links::Refuse).ok()?;
        Some(Self {
            aside: tree.with_file_name(ASIDE),
            tree: tree.to_owned(),
        })
    }
}

impl Install {
    /// The tree that holds the package; nothing where it lies in no way that is known.
    pub fn held(&self, host: &dyn Host) -> Option<Held> {
        let package = self.package_root.as_deref()?;
        match self.package_manager {
            PackageManager::Npm => Some(Held::by_npm(package)),
            PackageManager::Pnpm => Held::by_pnpm(host, package),
            PackageManager::Bun => Held::by_bun(host, package),
            PackageManager::Git | PackageManager::Unknown => None,
        }
    }
}

/// The package in a tree that this package manager made.
pub fn package_in(manager: PackageManager, tree: &Path) -> PathBuf {
    match manager {
        PackageManager::Pnpm | PackageManager::Bun => tree.join(PACKAGE),
        PackageManager::Npm | PackageManager::Git | PackageManager::Unknown => tree.to_owned(),
    }
}

/// Whether this is a directory of pnpm's global packages, by its name: `v11`, the version of the way
/// in which they are kept. Links lie elsewhere, too, and lead to what is nobody's to exchange.
pub(crate) fn has_global_packages(directory: &Path) -> bool {
    let name = directory.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.strip_prefix('v'));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

fn installed_into(package: &Path) -> Option<&Path> {
    package
        .ends_with(PACKAGE)
        .then(|| package.ancestors().nth(2))?
}
