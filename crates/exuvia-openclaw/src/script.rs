//! Files that can be run.

use std::path::Path;

use exuvia_host::HostError;
use exuvia_model::asset::{Script, ScriptSign};
use exuvia_model::text::one_line;
use serde_json::Value;

use crate::tree::{FileDigest, Tree};

/// Endings of names that an interpreter or a shell runs.
const ENDINGS: [&str; 22] = [
    "sh", "bash", "zsh", "fish", "ksh", "py", "pyw", "js", "mjs", "cjs", "ts", "mts", "cts", "rb",
    "pl", "php", "lua", "ps1", "psm1", "bat", "cmd", "vbs",
];

/// Scripts that npm runs when a package is installed.
/// <https://docs.npmjs.com/cli/v11/using-npm/scripts#life-cycle-scripts>
const INSTALL_HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Those that it runs besides when the package comes from git.
const GIT_HOOKS: [&str; 2] = ["prepare", "prepack"];

/// Most scripts that one asset lists.
const MAX_SCRIPTS: usize = 2000;

/// Every file of a tree that can be run, with the strongest sign for it.
pub(crate) fn find(tree: &Tree, digests: &[Result<FileDigest, HostError>]) -> Vec<Script> {
    let mut scripts: Vec<Script> = tree
        .files
        .iter()
        .zip(digests)
        .filter_map(|(file, digest)| {
            let shebang = digest.as_ref().is_ok_and(|digest| digest.shebang);
            let why = if file.executable {
                ScriptSign::ExecutableBit
            } else if shebang {
                ScriptSign::Shebang
            } else if has_script_ending(&file.path) {
                ScriptSign::Extension
            } else {
                return None;
            };
            let path = one_line(&file.name, 1024);
            Some(Script { path, why })
        })
        .take(MAX_SCRIPTS)
        .collect();
    scripts.sort();
    scripts
}

/// The install hooks of a `package.json`. A `binding.gyp` makes npm run `node-gyp` without being
/// told to.
pub(crate) fn install_hooks(package: &Value, tree: &Tree, from_git: bool) -> Vec<Script> {
    let more: &[&str] = if from_git { &GIT_HOOKS } else { &[] };
    let mut hooks = INSTALL_HOOKS.iter().chain(more);
    let scripts = package.get("scripts");
    let declared = hooks.any(|hook| scripts.and_then(|scripts| scripts.get(*hook)).is_some());
    let gyp = tree.files.iter().any(|file| file.name == "binding.gyp");
    let hook = |path: &str| Script {
        path: path.to_owned(),
        why: ScriptSign::InstallHook,
    };
    let package = declared.then(|| hook("package.json"));
    package
        .into_iter()
        .chain(gyp.then(|| hook("binding.gyp")))
        .collect()
}

fn has_script_ending(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| {
            ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        })
        && !path.to_string_lossy().ends_with(".d.ts")
}
