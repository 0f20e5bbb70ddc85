//! Words for what things are.

use exuvia_model::ChangeType;
use exuvia_model::install::PackageManager;

use super::{Phrase, both};

/// The size of a step.
pub fn change_type(change: ChangeType) -> Phrase {
    match change {
        ChangeType::Major => both("major", "主版本"),
        ChangeType::Minor => both("minor", "次版本"),
        ChangeType::Patch => both("patch", "补丁"),
        ChangeType::Unknown => both("step unknown", "跨度未知"),
    }
}

/// What put the package there.
pub fn package_manager(manager: PackageManager) -> Phrase {
    match manager {
        PackageManager::Npm => both("npm", "npm"),
        PackageManager::Pnpm => both("pnpm", "pnpm"),
        PackageManager::Bun => both("bun", "bun"),
        PackageManager::Git => both("git checkout", "git 检出"),
        PackageManager::Unknown => both("package manager unknown", "包管理器未知"),
    }
}
