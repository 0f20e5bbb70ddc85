//! The frontmatter of `SKILL.md`.

use std::io::Read;
use std::path::Path;

use exuvia_host::{EntryKind, Host, Links};

use crate::label::shown_path;

/// Largest `SKILL.md` that OpenClaw loads (`DEFAULT_MAX_SKILL_FILE_BYTES` in
/// `src/skills/loading/skill-root-discovery.ts`).
const MAX_BYTES: u64 = 256_000;

/// What a skill says of itself, and whether OpenClaw takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontmatter {
    /// Its name; the directory's stands in where it has none.
    pub name: Option<String>,
    /// What it is for. OpenClaw loads no skill without one.
    pub description: Option<String>,
    /// Why OpenClaw does not load it, or what is odd, in words.
    pub problems: Vec<String>,
    /// Whether OpenClaw loads it.
    pub loads: bool,
}

/// Reads the frontmatter of the skill in a directory, of which `real` is the real path. No more of
/// `SKILL.md` is read than OpenClaw would.
pub fn read_frontmatter(host: &dyn Host, skill: &Path, real: &Path) -> Frontmatter {
    match head(host, skill, real) {
        Ok(head) => {
            let mut frontmatter = parse(&String::from_utf8_lossy(&head.bytes));
            frontmatter.problems.extend(head.problem);
            frontmatter.loads = frontmatter.problems.is_empty();
            if frontmatter.loads && std::str::from_utf8(&head.bytes).is_err() {
                let words = "SKILL.md is not UTF-8: what it says is shown with replacements";
                frontmatter.problems.push(words.to_owned());
            }
            frontmatter
        }
        Err(problem) => Frontmatter {
            problems: vec![problem],
            ..Frontmatter::default()
        },
    }
}

struct Head {
    bytes: Vec<u8>,
    problem: Option<String>,
}

fn head(host: &dyn Host, skill: &Path, real: &Path) -> Result<Head, String> {
    let path = skill.join("SKILL.md");
    let meta = host
        .metadata(&path, Links::Refuse)
        .map_err(|_| "there is no SKILL.md in it: OpenClaw does not load it".to_owned())?;
    let target = match meta.kind {
        EntryKind::File => path,
        EntryKind::Symlink => {
            let target = host
                .canonicalize(&path)
                .map_err(|error| error.to_string())?;
            if !target.starts_with(real) {
                return Err(format!(
                    "SKILL.md is a link to {}, outside the skill: OpenClaw does not load it",
                    shown_path(&target)
                ));
            }
            target
        }
        EntryKind::Directory | EntryKind::Other => {
            return Err("SKILL.md is not a file: OpenClaw does not load it".to_owned());
        }
    };
    let reader = host
        .open(&target, Links::Refuse)
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read {}: {error}", shown_path(&target)))?;
    let problem = (bytes.len() as u64 > MAX_BYTES)
        .then(|| format!("SKILL.md is larger than {MAX_BYTES} bytes: OpenClaw does not load it"));
    Ok(Head { bytes, problem })
}

/// The block between the first line `---` and the next one (`packages/markdown-core`'s
/// `frontmatter.ts`); of its keys, only those at the left margin count.
fn parse(text: &str) -> Frontmatter {
    let mut frontmatter = Frontmatter::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.split('\n');
    let is_rule = |line: &str| {
        line.strip_prefix("---")
            .is_some_and(|rest| rest.trim().is_empty())
    };
    if !lines.next().is_some_and(is_rule) {
        let words = "SKILL.md has no frontmatter, and so no description: OpenClaw does not load it";
        frontmatter.problems.push(words.to_owned());
        return frontmatter;
    }
    let rest: Vec<&str> = lines.collect();
    let Some(end) = rest.iter().position(|line| is_rule(line)) else {
        let words = "the frontmatter of SKILL.md has no end: OpenClaw does not load it";
        frontmatter.problems.push(words.to_owned());
        return frontmatter;
    };
    let block = rest.get(..end).unwrap_or_default();
    frontmatter.name = value(block, "name");
    frontmatter.description = value(block, "description");
    if frontmatter.description.is_none() {
        let words = "SKILL.md has no description: OpenClaw does not load it";
        frontmatter.problems.push(words.to_owned());
    }
    frontmatter
}

/// The value of a key: on its line, or in the indented lines below it.
fn value(block: &[&str], key: &str) -> Option<String> {
    let at = block
        .iter()
        .rposition(|line| key_of(line).is_some_and(|(found, _)| found == key))?;
    let (_, inline) = key_of(block.get(at)?)?;
    let inline = uncommented(inline.trim());
    let is_block = inline.is_empty() || inline.starts_with(['|', '>']);
    let text = if is_block {
        let below = block.get(at + 1..).unwrap_or_default();
        let indented = |line: &&&str| line.is_empty() || line.starts_with([' ', '\t']);
        let lines: Vec<&str> = below
            .iter()
            .take_while(indented)
            .map(|line| line.trim())
            .collect();
        lines.join(" ").trim().to_owned()
    } else {
        unquoted(inline)
    };
    (!text.is_empty()).then_some(text)
}

fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end().trim_matches(['"', '\'']);
    let plain = !key.is_empty() && !line.starts_with([' ', '\t', '#', '-']);
    let separated = value.is_empty() || value.starts_with([' ', '\t']);
    (plain && separated).then_some((key, value))
}

/// Without a comment behind a plain value.
fn uncommented(value: &str) -> &str {
    if value.starts_with(['"', '\'']) {
        return value;
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

fn unquoted(value: &str) -> String {
    if let Some(inner) = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
    {
        return inner
            .replace("\\\"", "\"")
            .replace("\\\\", "\\")
            .trim()
            .to_owned();
    }
    match value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''))
    {
        Some(inner) => inner.replace("''", "'").trim().to_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_description_are_read_in_the_usual_shapes() {
        for text in [
            "---\nname: demo\ndescription: A demo\n---\n# Hi\n",
            "\u{feff}---\r\nname: \"demo\"\r\ndescription: 'A demo'\r\n--- \r\n",
            "---\ndescription: >-\n  A\n  demo\nmetadata:\n  name: other\nname: demo # here\n---",
        ] {
            let frontmatter = parse(text);
            assert_eq!(frontmatter.name.as_deref(), Some("demo"), "{text}");
            assert_eq!(frontmatter.description.as_deref(), Some("A demo"), "{text}");
            assert!(frontmatter.problems.is_empty());
        }
    }

    #[test]
    fn what_openclaw_would_not_load_is_said() {
        for text in [
            "",
            "# Hi",
            "---\nname: demo\n",
            "---\nname: demo\n---\n",
            "---\n---\n",
        ] {
            let frontmatter = parse(text);
            assert_eq!(frontmatter.problems.len(), 1, "{text:?}");
        }
    }
}
