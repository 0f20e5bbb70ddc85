//! As much of a plugin's module as the miniature understands.

use std::path::Path;

use serde_json::Value;

/// A plugin's module that throws when it is imported.
pub const THROWS: &str = "throw new Error(\"boom at import\");\n";

/// One that throws as soon as there is something at this path. In a rehearsal `/tmp` is empty.
pub fn throws_where(path: &Path) -> String {
    format!("{IF}{}{THEN}{THROWS}", path.display())
}

const IF: &str = "if (existsSync(\"";
const THEN: &str = "\")) ";

/// What importing the plugin in this directory throws.
pub(super) fn throws(root: &Path) -> Option<String> {
    let text = std::fs::read_to_string(root.join("index.js")).ok()?;
    let does = |line: &str| match line.strip_prefix(IF).and_then(|rest| rest.split_once(THEN)) {
        Some((path, rest)) => rest.starts_with("throw ") && Path::new(path).exists(),
        None => line.starts_with("throw "),
    };
    text.lines()
        .any(does)
        .then(|| "Error: boom at import".to_owned())
}

/// The ids of further plugins in a plugin's package.
pub(super) fn brought_along(root: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(root).into_iter().flatten().flatten();
    let manifests = listed.map(|entry| entry.path().join("openclaw.plugin.json"));
    let ids = manifests.filter_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        let manifest: Value = serde_json::from_str(&text).ok()?;
        manifest["id"].as_str().map(str::to_owned)
    });
    ids.collect()
}
