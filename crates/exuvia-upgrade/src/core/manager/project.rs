//! What a tree of pnpm's or bun's says that it holds: its `package.json`.

use std::collections::BTreeMap;
use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use exuvia_model::Revision;
use serde_json::{Value, json};

use crate::Trouble;

/// What is upgraded.
const OPENCLAW: &str = "openclaw";
const FILE: &str = "package.json";
/// Largest `package.json`, `.modules.yaml` or lock file.
const MAX_BYTES: u64 = 64 << 20;
/// Everybody may read what a package manager writes.
const MODE: u32 = 0o644;

/// The `package.json` of a tree.
pub(super) struct Project(Value);

impl Project {
    pub(super) fn read(host: &dyn Host, tree: &Path) -> Result<Self, Trouble> {
        json(host, &tree.join(FILE)).map(Self)
    }

    /// What is asked for of each package.
    pub(super) fn dependencies(&self) -> BTreeMap<&str, &str> {
        let dependencies = self.0.get("dependencies").and_then(Value::as_object);
        let dependencies = dependencies.into_iter().flatten();
        dependencies
            .filter_map(|(name, asked)| Some((name.as_str(), asked.as_str()?)))
            .collect()
    }

    /// The names of the packages besides OpenClaw, and what is asked for of each.
    pub(super) fn others(&self) -> BTreeMap<&str, &str> {
        let mut others = self.dependencies();
        others.remove(OPENCLAW);
        others
    }

    /// The names in a list at the top.
    pub(super) fn names(&self, list: &str) -> Vec<String> {
        let names = self.0.get(list).and_then(Value::as_array).into_iter();
        let names = names.flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    }

    /// What is to be asked for of OpenClaw from now on, so that the manager's own updates go as far
    /// as they went before.
    pub(super) fn range(&self, to: &Revision) -> Result<String, Trouble> {
        let asked = self.dependencies().get(OPENCLAW).copied();
        let asked = asked.ok_or_else(|| Trouble::new("package.json does not name OpenClaw"))?;
        let loose = asked.chars().next().filter(|first| "^~".contains(*first));
        Ok(loose.map_or_else(|| to.to_string(), |sign| format!("{sign}{to}")))
    }

    /// Writes it into a tree, asking for this of OpenClaw.
    pub(super) fn write(
        &mut self,
        host: &dyn Host,
        tree: &Path,
        asked: &str,
    ) -> Result<(), Trouble> {
        let dependencies = self.0.get_mut("dependencies");
        if let Some(dependencies) = dependencies.and_then(Value::as_object_mut) {
            dependencies.insert(OPENCLAW.to_owned(), json!(asked));
        }
        let mut text = serde_json::to_vec_pretty(&self.0)?;
        text.push(b'\n');
        Ok(host.write_atomic(&tree.join(FILE), &text, MODE)?)
    }
}

/// Copies a file of one tree into another, where there is one.
pub(super) fn copy(host: &dyn Host, name: &str, from: &Path, to: &Path) -> Result<(), Trouble> {
    match read_limited(host, &from.join(name), MAX_BYTES, Links::Refuse) {
        Ok(bytes) => Ok(host.write_atomic(&to.join(name), &bytes, MODE)?),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A JSON document.
pub(super) fn json(host: &dyn Host, file: &Path) -> Result<Value, Trouble> {
    let bytes = read_limited(host, file, MAX_BYTES, Links::Refuse)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Trouble::new(format!("{} is no JSON: {error}", file.display())))
}

/// The version that a package says it is; nothing where it is not there.
pub(super) fn version(host: &dyn Host, package: &Path) -> Option<String> {
    let json = json(host, &package.join(FILE)).ok()?;
    json.get("version")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_asked_for_goes_as_far_as_it_went() {
        let to = Revision::from("2.0.0");
        for (asked, range) in [
            ("1.0.0", "2.0.0"),
            ("^1.0.0", "^2.0.0"),
            ("~1.0.0", "~2.0.0"),
            ("latest", "2.0.0"),
            (">=1", "2.0.0"),
        ] {
            let project = Project(json!({ "dependencies": { "openclaw": asked, "other": "1" } }));
            assert_eq!(project.range(&to).unwrap(), range, "{asked}");
            assert_eq!(
                project.others().into_iter().collect::<Vec<_>>(),
                [("other", "1")]
            );
        }
        assert!(Project(json!({})).range(&to).is_err());
    }
}
